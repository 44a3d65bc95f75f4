"""Asking a service and waiting for its answer: an order names a list, whoever carries it out pushes there.

The asker makes up the key (`reply_key`), sends it with the order, and waits. An answer that nobody takes any more
expires by itself, so neither side has to tidy up after the other.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from redis import Redis

from shared.messages.topics import REPLY

_KEEP_S = 30
# A wait is cut into parts, so that no single command takes longer than the client's own time-out allows.
_LONGEST_PART_S = 1.0
_SHARE_OF_TIMEOUT = 0.5
_LEAST_PART_S = 0.01


def reply_key() -> str:
    """A key that nobody can guess and nobody else waits at."""
    return REPLY.format(id=uuid.uuid4().hex)


class Replies:
    """Sends and awaits answers. Thread-safe; raises `redis.exceptions.RedisError` when Redis is away."""

    def __init__(self, redis: Redis, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._monotonic = monotonic
        timeout_s = redis.connection_pool.connection_kwargs.get("socket_timeout")
        self._part_s = min(_LONGEST_PART_S, timeout_s * _SHARE_OF_TIMEOUT) if timeout_s else _LONGEST_PART_S

    def send(self, reply_to: str, content: bytes, *, keep_s: float = _KEEP_S) -> None:
        """Put an answer there, for `keep_s` seconds. Several answers are taken in the order they were sent."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.rpush(reply_to, content)
        pipe.pexpire(reply_to, max(1, round(keep_s * 1000)))
        pipe.execute()

    def wait(self, reply_to: str, timeout_s: float) -> bytes | None:
        """The next answer, or None when none has come in `timeout_s`. Blocks; 0 looks once.

        An answer is taken away from Redis: whoever waits for several calls this once for each.
        """
        until = self._monotonic() + timeout_s
        while (left_s := until - self._monotonic()) >= _LEAST_PART_S:
            found = self._redis.blpop([reply_to], timeout=min(left_s, self._part_s))
            if found is not None:
                return bytes(found[1])
        taken = self._redis.lpop(reply_to)
        return None if taken is None else bytes(taken)
