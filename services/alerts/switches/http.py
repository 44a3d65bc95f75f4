"""Devices that are switched by calling one URL, and off by another."""

from __future__ import annotations

from typing import Self

from services.alerts.device_http import DeviceHttp
from services.alerts.switch import Device, Wires


class HttpSwitch:
    """Any answer of the kind 2xx will do; nothing is known of a timer."""

    def __init__(self, http: DeviceHttp) -> None:
        self._http = http

    @classmethod
    def open(cls, wires: Wires) -> Self:
        return cls(wires.http)

    def on(self, device: Device) -> bool:
        self._http.get(device.address.url or "", secret=device.secret)
        return False

    def off(self, device: Device) -> None:
        self._http.get(device.address.off_url or "", secret=device.secret)

    def close(self) -> None:
        """Nothing is held."""
