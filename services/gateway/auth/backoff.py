"""Slowing down whoever guesses passwords."""

from __future__ import annotations

import hashlib

from redis import Redis

from services.gateway.soft_redis import SoftRedis
from shared.domain.backoff import doubling_s

FREE_FAILURES = 5
FORGET_AFTER_S = 900
LONGEST_WAIT_S = 300


class LoginBackoff:
    """After some failures of one user name from one address, each further one doubles the wait.

    Failures are forgotten when there was none for a quarter of an hour, and not by a right password: at an address that
    many share, whoever logs in would forgive whoever guesses. Kept in Redis, so that all workers count together; while
    Redis is away nobody is slowed down.
    """

    def __init__(self, redis: SoftRedis) -> None:
        self._redis = redis

    def wait_s(self, username: str, address: str) -> int:
        """Seconds until the next try is allowed; 0 when it is allowed now."""
        left_ms = self._redis.attempt(
            lambda redis: redis.pttl(_key("wait", username, address)), otherwise=0, purpose="login back-off"
        )
        return max(0, -(-int(left_ms) // 1000))

    def failed(self, username: str, address: str) -> None:
        """Count a failure."""

        def count(redis: Redis) -> None:
            counter = _key("failures", username, address)
            failures = int(redis.incr(counter))
            redis.expire(counter, FORGET_AFTER_S)
            if failures >= FREE_FAILURES:
                wait_s = int(doubling_s(failures - FREE_FAILURES + 1, base_s=1, cap_s=LONGEST_WAIT_S))
                redis.set(_key("wait", username, address), 1, ex=wait_s)

        self._redis.attempt(count, otherwise=None, purpose="login back-off")


def _key(kind: str, username: str, address: str) -> str:
    # Hashed: a user name is a client's text of any length, and may be a password typed into the wrong box.
    digest = hashlib.sha256(f"{username}\0{address}".encode()).hexdigest()[:32]
    return f"gateway:login:{kind}:{digest}"
