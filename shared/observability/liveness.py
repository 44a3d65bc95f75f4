"""A sign of life that others can read."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from shared.messages.topics import LIVENESS

_TTL_S = 10
_INTERVAL_S = 1.0


class Liveness:
    """Beats from a service's main loop; the key expires when the loop hangs or dies."""

    def __init__(
        self, redis: Redis, *, service: str, instance: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._key = LIVENESS.format(service=service, instance=instance)
        self._fixed = {"service": service, "instance": instance, "pid": os.getpid(), "host": socket.gethostname()}
        self._started = time.time()
        self._monotonic = monotonic
        self._next = 0.0

    def beat(self, **info: str | float | None) -> None:
        """Say that the main loop goes on (at most one write a second; a lost Redis is not the loop's fault)."""
        now = self._monotonic()
        if now < self._next:
            return
        self._next = now + _INTERVAL_S
        fields: dict[Any, Any] = {**self._fixed, "started_at": self._started, "at": time.time()}
        # Redis takes no booleans and no None, and a refused hash would look like a dead service.
        fields |= {name: int(value) if isinstance(value, bool) else value for name, value in info.items()}
        fields = {name: value for name, value in fields.items() if value is not None}
        try:
            pipe = self._redis.pipeline(transaction=True)
            pipe.hset(self._key, mapping=fields)
            pipe.expire(self._key, _TTL_S)
            pipe.execute()
        except RedisError:
            return

    def end(self) -> None:
        """Say that the service stopped on purpose."""
        try:
            self._redis.delete(self._key)
        except RedisError:
            return
