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

    So a Redis that hangs costs one time-out per `pause_s`, not one per request.
    """

    def __init__(self, redis: Redis, *, pause_s: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._pause_s = pause_s
        self._monotonic = monotonic
        self._closed_until = 0.0

    def attempt(self, command: Callable[[Redis], T], *, otherwise: T, purpose: str) -> T:
        """What `command` returns, or `otherwise` while Redis is away."""
        if self._monotonic() < self._closed_until:
            return otherwise
        try:
            return command(self._redis)
        except (RedisError, OSError) as error:
            self._closed_until = self._monotonic() + self._pause_s
            log.warning("redis_unavailable", purpose=purpose, reason=type(error).__name__)
            return otherwise
