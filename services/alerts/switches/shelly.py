"""Relays of Shelly, of every generation.

Sources: Shelly's documents "Gen1 Device API" (Relay) and "Gen2+ Device API" (Switch.Set, HTTP channel).
"""

from __future__ import annotations

import math
from typing import Any, Final, Self

from services.alerts.device_http import DeviceHttp, json_object
from services.alerts.switch import Device, Wires
from shared.domain.errors import Permanent, Transient
from shared.net import Reply

_FIRST: Final = 1
# Invalid argument, and no such relay: codes of the second generation, which comes with HTTP 500.
_REFUSALS: Final = frozenset({-103, -105})


class ShellySwitch:
    """Asks a device once which generation it is of; either has a timer that switches the relay off again."""

    def __init__(self, http: DeviceHttp) -> None:
        self._http = http
        self._generations: dict[str, int] = {}

    @classmethod
    def open(cls, wires: Wires) -> Self:
        return cls(wires.http)

    def on(self, device: Device) -> bool:
        pulse_s = math.ceil(device.address.pulse_s)
        if self._generation(device) == _FIRST:
            state = self._ask(device, f"/relay/{device.address.relay}?turn=on&timer={pulse_s}")
            if state.get("ison") is not True:
                raise Transient("the device does not say that it is on")
            return state.get("has_timer") is True
        exactly_s = f"{device.address.pulse_s:g}"
        answer = self._ask(device, f"/rpc/Switch.Set?id={device.address.relay}&on=true&toggle_after={exactly_s}")
        if not isinstance(answer.get("was_on"), bool):
            raise Transient("the device does not say that it is on")
        return True

    def off(self, device: Device) -> None:
        if self._generation(device) == _FIRST:
            if self._ask(device, f"/relay/{device.address.relay}?turn=off").get("ison") is not False:
                raise Transient("the device does not say that it is off")
            return
        self._ask(device, f"/rpc/Switch.Set?id={device.address.relay}&on=false")

    def close(self) -> None:
        """Nothing is held."""

    def _generation(self, device: Device) -> int:
        known = self._generations.get(_base(device))
        if known is not None:
            return known
        about = self._ask(device, "/shelly")
        generation = about.get("gen", _FIRST if "type" in about else None)
        if not isinstance(generation, int) or "mac" not in about:
            raise Permanent("the device does not answer as a Shelly: is its url right?")
        self._generations[_base(device)] = generation
        return generation

    def _ask(self, device: Device, path: str) -> dict[str, Any]:
        try:
            return self._http.get_object(_base(device) + path, secret=device.secret, refused=_is_refusal)
        except Permanent:
            self._generations.pop(_base(device), None)  # it may be another device by now
            raise


def _base(device: Device) -> str:
    return (device.address.url or "").rstrip("/")


def _is_refusal(reply: Reply) -> bool:
    return (json_object(reply) or {}).get("code") in _REFUSALS
