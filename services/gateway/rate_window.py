"""Where requests are counted: a sliding window in Redis, kept by all workers together."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from flask import g
from limits.storage import MovingWindowSupport, Storage
from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from services.gateway.soft_redis import SoftRedis

SCHEME = "argus-window"

# One list per caller with the time of each request within the window, oldest first. Redis's own clock: machines differ.
_TAKE = """
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local limit, window_ms, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest = tonumber(redis.call('LINDEX', KEYS[1], 0))
while oldest and oldest <= now_ms - window_ms do
  redis.call('LPOP', KEYS[1])
  oldest = tonumber(redis.call('LINDEX', KEYS[1], 0))
end
local count = redis.call('LLEN', KEYS[1])
local taken = count + cost <= limit
if taken and cost > 0 then
  for _ = 1, cost do redis.call('RPUSH', KEYS[1], string.format('%.0f', now_ms)) end
  redis.call('PEXPIRE', KEYS[1], window_ms)
  count = count + cost
end
return {taken and 1 or 0, string.format('%.0f', oldest or now_ms), count}
"""
_SHA = hashlib.sha1(_TAKE.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class _Window:
    key: str
    taken: bool
    began_s: float
    count: int


class RedisWindow(Storage, MovingWindowSupport):
    """Exact to the request, and one round trip per request: what it takes to answer is asked for with the count.

    It holds up to eight bytes or so per request within the window. Without Redis every request is within its limit.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 – the library's own declaration

    def __init__(self, uri: str, wrap_exceptions: bool = False, *, redis: SoftRedis) -> None:  # noqa: FBT001
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._redis = redis

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` requests if there is room for them."""
        g.rate_window = window = self._window(key, limit=limit, period_s=expiry, cost=amount)
        return window.taken

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest request within the window was, epoch seconds, and how many there are."""
        window: _Window | None = g.get("rate_window")
        if window is None or window.key != key:
            window = self._window(key, limit=limit, period_s=expiry, cost=0)
        return window.began_s, window.count

    def _window(self, key: str, *, limit: int, period_s: int, cost: int) -> _Window:
        arguments = (1, f"gateway:rate:{key}", str(limit), str(period_s * 1000), str(cost))

        def take(redis: Redis) -> Any:
            try:
                return redis.evalsha(_SHA, *arguments)
            except NoScriptError:
                return redis.eval(_TAKE, *arguments)

        found = self._redis.attempt(take, otherwise=None, purpose="rate limit")
        if found is None:
            return _Window(key, taken=True, began_s=time.time(), count=0)
        return _Window(key, taken=bool(found[0]), began_s=int(found[1]) / 1000, count=int(found[2]))

    @property
    def base_exceptions(self) -> type[Exception]:
        return RedisError

    def check(self) -> bool:
        """Always sound: it does without Redis."""
        return True

    def clear(self, key: str) -> None:
        """Forget a caller's requests."""
        self._redis.attempt(lambda redis: redis.delete(f"gateway:rate:{key}"), otherwise=0, purpose="rate limit")

    def reset(self) -> int | None:
        """Not done: the keys of a whole Redis are not searched for this."""
        return None

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Part of another strategy."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Part of another strategy."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Part of another strategy."""
        raise NotImplementedError
