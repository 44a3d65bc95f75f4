"""Who listens to a live stream now, over all workers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from redis import Redis

from services.gateway.soft_redis import SoftRedis

FRESH_FOR_S: Final = 60
"""A listener that its worker has not touched for so long counts no more: the worker was killed."""

_KEY: Final = "gateway:stream-clients"


class StreamClients:
    """Listeners by an id of their own, in Redis. Thread-safe; while Redis is away nobody is counted."""

    def __init__(self, redis: SoftRedis) -> None:
        self._redis = redis

    def touch(self, ids: Iterable[str], *, now_s: float) -> None:
        """These listen. To be called when one comes, and again for all well within `FRESH_FOR_S`."""
        until = dict.fromkeys(ids, now_s + FRESH_FOR_S)
        if until:
            self._attempt(lambda redis: redis.zadd(_KEY, until))

    def remove(self, ids: Iterable[str]) -> None:
        """These have left."""
        gone = list(ids)
        if gone:
            self._attempt(lambda redis: redis.zrem(_KEY, *gone))

    def count(self, *, now_s: float) -> int:
        """How many listen."""

        def counted(redis: Any) -> int:
            redis.zremrangebyscore(_KEY, "-inf", now_s)
            return int(redis.zcard(_KEY))

        return self._redis.attempt(counted, otherwise=0, purpose="stream clients")

    def _attempt(self, command: Any) -> None:
        self._redis.attempt(lambda redis: command(_plain(redis)), otherwise=None, purpose="stream clients")


def _plain(redis: Redis) -> Any:
    # redis-py annotates the replies of every protocol at once.
    return redis
