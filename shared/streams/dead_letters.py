"""Messages that cannot be handled: put aside with the reason, and a flood of them noticed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from redis import Redis

from shared.domain.errors import Permanent
from shared.messages.topics import Topic
from shared.observability.logs import get_logger

log = get_logger("streams.dead_letters")

_BOUND = 10_000
_FLOOD_COUNT = 100
_FLOOD_WINDOW_S = 60.0
_REASON_LENGTH = 1_000


class DeadLetters:
    """Writes to `<stream>.dead` for one group's reader. Not thread-safe."""

    def __init__(
        self, redis: Redis, topic: Topic, *, group: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._topic = topic
        self._group = group
        self._monotonic = monotonic
        self._times: deque[float] = deque(maxlen=_FLOOD_COUNT)

    def bury(self, stream: str, entry_id: bytes, fields: Mapping[bytes, bytes], *, reason: str) -> None:
        """Store the entry with the reason and acknowledge it, in one transaction.

        Raises `Permanent` when this was the hundredth within a minute, `redis.exceptions.RedisError` when Redis
        cannot be reached (nothing has happened then).
        """
        told = reason[:_REASON_LENGTH].encode(errors="replace")
        record: dict[Any, Any] = {**fields, b"reason": told, b"entry_id": entry_id, b"group": self._group.encode()}
        # What may be dropped alive need not be kept for long when it is dead: frames are large.
        bound = min(_BOUND, self._topic.bound) if self._topic.droppable else _BOUND
        pipe = self._redis.pipeline(transaction=True)
        pipe.xadd(f"{stream}.dead", record, maxlen=bound, approximate=True)
        pipe.xack(stream, self._group, entry_id)
        pipe.execute()
        log.error("message_dead_lettered", stream=stream, entry_id=entry_id.decode(), reason=reason)
        self._notice_flood(stream, reason)

    def _notice_flood(self, stream: str, reason: str) -> None:
        now = self._monotonic()
        self._times.append(now)
        if len(self._times) == _FLOOD_COUNT and now - self._times[0] < _FLOOD_WINDOW_S:
            raise Permanent(
                f"{_FLOOD_COUNT} messages of {self._topic.name} could not be handled within {_FLOOD_WINDOW_S:.0f} s; "
                f"look at {stream}.dead, the last reason was: {reason}"
            )
