"""Relays that run Tasmota.

Source: Tasmota's documentation, "Commands" (Power, PulseTime: 1…111 are tenths of a second, 112…64900 are seconds and
a hundred) and "Commands over web requests".
"""

from __future__ import annotations

import math
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

from services.alerts.device_http import DeviceHttp
from services.alerts.switch import Device, Wires
from shared.domain.errors import Permanent, Transient

_TENTHS_UP_TO: Final = 111
_SECONDS_ADD: Final = 100


class TasmotaSwitch:
    """Sets the relay's PulseTime, then switches on.

    PulseTime rather than a Delay in a Backlog: it stays in the device, and ends what the device switches on by itself
    after a power cut as well.
    """

    def __init__(self, http: DeviceHttp) -> None:
        self._http = http

    @classmethod
    def open(cls, wires: Wires) -> Self:
        return cls(wires.http)

    def on(self, device: Device) -> bool:
        number, wanted = device.address.relay + 1, pulse_time(device.address.pulse_s)
        answer = self._command(device, f"PulseTime{number} {wanted}")
        self._power(device, "ON")
        return _pulse_time_of(answer, number) == wanted

    def off(self, device: Device) -> None:
        self._power(device, "OFF")

    def close(self) -> None:
        """Nothing is held."""

    def _power(self, device: Device, state: str) -> None:
        number = device.address.relay + 1
        answer = self._command(device, f"Power{number} {state.capitalize()}")
        # A device with a single relay leaves its number out.
        said = answer.get(f"POWER{number}", answer.get("POWER") if number == 1 else None)
        if said != state:
            raise Transient(f"the device does not say that it is {state.lower()}")

    def _command(self, device: Device, command: str) -> dict[str, Any]:
        user, _, password = (device.secret or "").partition(":")
        credentials = f"{urlencode({'user': user, 'password': password})}&" if device.secret else ""
        url = (device.address.url or "").rstrip("/")
        answer = self._http.get_object(f"{url}/cm?{credentials}cmnd={quote(command)}")
        if "WARNING" in answer:
            raise Permanent("the device refuses the user name or password")
        if answer.get("Command") in ("Unknown", "Error"):
            raise Permanent(f"the device does not know {command.split()[0]}")
        return answer


def pulse_time(pulse_s: float) -> int:
    """The least value of PulseTime that lasts so long."""
    tenths = math.ceil(round(pulse_s * 10, 3))
    return tenths if tenths <= _TENTHS_UP_TO else math.ceil(pulse_s) + _SECONDS_ADD


def _pulse_time_of(answer: dict[str, Any], number: int) -> int | None:
    said = answer.get(f"PulseTime{number}")
    if isinstance(said, dict):
        said = said.get("Set")
    # Older versions answer `110 (Active 0)`.
    text = str(said).split(" ", 1)[0]
    return int(text) if text.isascii() and text.isdigit() else None
