"""Events as they are stored, for a person to see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from shared.domain.errors import InvalidMessage
from shared.messages.events import EventRaised
from shared.messages.message import decode
from shared.messages.topics import EVENTS

_BLOCK_MS = 500


class EventTail:
    """Reads the stream of events in a thread and hands on each new event. A lost Redis is waited for."""

    def __init__(self, redis: Redis, on_event: Callable[[EventRaised], None]) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._on_event = on_event
        self._last = b"0-0"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-tail", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                reply = self._redis.xread({EVENTS.stream(): self._last}, block=_BLOCK_MS)
            except RedisError:
                self._stopped.wait(_BLOCK_MS / 1000)
                continue
            for _, entries in reply or []:
                for entry_id, fields in entries:
                    self._last = entry_id
                    self._hand_on(fields)

    def _hand_on(self, fields: dict[bytes, bytes]) -> None:
        try:
            message = decode(fields)
        except InvalidMessage:
            return
        if isinstance(message, EventRaised) and not self._stopped.is_set():
            self._on_event(message)


def event_line(event: EventRaised, *, now: datetime) -> str:
    """One event in one line."""
    zones = f" in {', '.join(event.zones)}" if event.zones else ""
    behind_s = max(0.0, (now - event.captured_at).total_seconds())
    return (
        f"{_clock(event.captured_at)}  EVENT  {event.label}{zones} at {event.camera_name or event.camera}, "
        f"{event.confidence:.0%} sure  ({behind_s:.1f} s after it was seen)  evt-{event.event_id}"
    )


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")
