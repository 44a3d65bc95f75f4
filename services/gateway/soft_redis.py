"""Redis as something that may be missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError

from shared.observability import get_logger

log = get_logger("gateway.redis")

T = TypeVar("T")


class SoftRedis:
    """Runs Redis commands whose loss is bearable; after a failure it does not ask again for a moment.

    So a Redis that hangs costs one time-out per `pause_s`, to one request, and one line in the log until it is back.
    """

    def __init__(self, redis: Redis, *, pause_s: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._pause_s = pause_s
        self._monotonic = monotonic
        self._closed_until = 0.0
        self._is_away = False

    def attempt(self, command: Callable[[Redis], T], *, otherwise: T, purpose: str) -> T:
        """What `command` returns, or `otherwise` while Redis is away."""
        if self._monotonic() < self._closed_until:
            return otherwise
        if self._is_away:
            # One asks whether it is back; the others need not wait for the answer.
            self._closed_until = self._monotonic() + self._pause_s
        try:
            result = command(self._redis)
        except (RedisError, OSError) as error:
            self._failed(error, purpose)
            return otherwise
        if self._is_away:
            self._is_away, self._closed_until = False, 0.0
            log.info("redis_back", purpose=purpose)
        return result

    def _failed(self, error: Exception, purpose: str) -> None:
        self._closed_until = self._monotonic() + self._pause_s
        if not self._is_away:
            self._is_away = True
            log.warning("redis_unavailable", purpose=purpose, reason=type(error).__name__)
