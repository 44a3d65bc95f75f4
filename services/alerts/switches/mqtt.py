"""Devices that listen on a topic of the broker of the channel mqtt."""

from __future__ import annotations

from typing import Final, Self

from services.alerts.broker import Message
from services.alerts.broker_link import BrokerLink
from services.alerts.switch import Device, Wires
from shared.net import time_left_s

TIMEOUT_S: Final = 10.0


class MqttSwitch:
    """What is published is never retained: a device that connects later must not be switched on then."""

    def __init__(self, broker: BrokerLink) -> None:
        self._broker = broker

    @classmethod
    def open(cls, wires: Wires) -> Self:
        return cls(wires.broker)

    def on(self, device: Device) -> bool:
        self._publish(device, device.address.payload_on)
        return False

    def off(self, device: Device) -> None:
        self._publish(device, device.address.payload_off)

    def close(self) -> None:
        """The connection is not its own."""

    def _publish(self, device: Device, payload: str) -> None:
        message = Message(device.address.topic or "", payload.encode())
        self._broker.publish([message], timeout_s=min(time_left_s(), TIMEOUT_S))
