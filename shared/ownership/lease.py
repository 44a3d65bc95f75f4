"""One thing at a time across processes."""

from __future__ import annotations

from redis import Redis

_ACQUIRE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1"


class Lease:
    """An exclusive right that ends by itself `ttl_s` after it was last acquired. Every call is one round trip."""

    def __init__(self, redis: Redis, name: str, *, holder: str, ttl_s: float) -> None:
        self._redis = redis
        self._key = f"lease:{name}"
        self._holder = holder
        self._ttl_ms = str(int(ttl_s * 1000))

    def acquire(self) -> bool:
        """Take or prolong the lease; False while somebody else holds it. Raises `RedisError`."""
        return bool(self._redis.eval(_ACQUIRE, 1, self._key, self._holder, self._ttl_ms))

    def release(self) -> None:
        """Give it back at once, if it is still held."""
        self._redis.eval(_RELEASE, 1, self._key, self._holder)
