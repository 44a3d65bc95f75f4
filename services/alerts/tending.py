"""What channels do beside deliveries: keeping a connection, switching off what is on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from services.alerts.channel import Channel
from shared.db.engine import SessionFactory
from shared.observability import get_logger

log = get_logger("alerts.tending")

_AGAIN_AFTER_S = 1.0


@runtime_checkable
class Tending(Protocol):
    """A channel with something to do while nothing is being sent."""

    def tend(self, sessions: SessionFactory, stop: threading.Event) -> None:
        """Do it until `stop` is set, or return at once when there is nothing. Blocks; `sessions` only read."""
        ...


def start_tending(channels: Mapping[str, Channel], sessions: SessionFactory, stop: threading.Event) -> None:
    """Give each channel that tends a thread of its own, which ends with the process."""
    for name, channel in channels.items():
        if isinstance(channel, Tending):
            arguments = (name, channel, sessions, stop)
            threading.Thread(target=_tend, args=arguments, name=f"tend-{name}", daemon=True).start()


def _tend(name: str, channel: Tending, sessions: SessionFactory, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            return channel.tend(sessions, stop)
        except Exception:  # plug-in boundary: what a channel tends must not stay undone for one fault
            log.exception("tending_failed", channel=name)
            stop.wait(_AGAIN_AFTER_S)
    return None
