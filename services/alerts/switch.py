"""The contract of a switch: one kind of device that can be switched on and off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, Self

from services.alerts.broker_link import BrokerLink
from services.alerts.device_http import DeviceHttp
from services.alerts.switches import CATALOGUE
from shared.domain.errors import Transient
from shared.plugin import load_class
from shared.recipients.addresses import PhysicalAddress


class HeldElsewhere(Transient):
    """Another process holds the device: it is the one that can switch it."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device. The secret (`user:password`) is in the clear, never log it."""

    name: str
    address: PhysicalAddress
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Wires:
    """How devices are reached. Neither connects before it is used."""

    http: DeviceHttp
    broker: BrokerLink


class Switch(Protocol):
    """Thread-safe. Never tries twice by itself.

    Both methods raise `Transient`, after which the device may be on or off, or `Permanent`, and end with the time
    limit of `shared.net.within`.
    """

    @classmethod
    def open(cls, wires: Wires) -> Self:
        """Connects to nothing."""
        ...

    def on(self, device: Device) -> bool:
        """Switch on for `pulse_s`; True when the device said that it switches off by itself."""
        ...

    def off(self, device: Device) -> None:
        """Switch off. Done a second time, it changes nothing."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


def open_switch(kind: str, wires: Wires) -> Switch:
    """The switch for devices of the kind."""
    switch: Switch = load_class("switch", kind, catalogue=CATALOGUE).open(wires)
    return switch
