"""Tokens that were taken back before their time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.gateway.auth.tokens import Claims
from services.gateway.soft_redis import SoftRedis

_LEEWAY_S = 60


class Revocations:
    """Ids of tokens in Redis, each for as long as it would be good.

    It ends one token at once in all workers, without a look at the database. It is no more than that: whoever logs
    out ends the session in the database too, and that is asked with every request. So while Redis is away, or has
    lost what it knew, a token that was taken back stays so.
    """

    def __init__(self, redis: SoftRedis) -> None:
        self._redis = redis

    def add(self, claims: Claims, *, now: datetime) -> None:
        """Take a token back."""
        left_s = max(1, int((claims.expires_at - now).total_seconds()) + _LEEWAY_S)
        self._redis.attempt(lambda redis: redis.set(_key(claims), 1, ex=left_s), otherwise=None, purpose="revocation")

    def __contains__(self, claims: Claims) -> bool:
        found: Any = self._redis.attempt(lambda redis: redis.exists(_key(claims)), otherwise=0, purpose="revocation")
        return bool(found)


def _key(claims: Claims) -> str:
    return f"gateway:revoked:{claims.id}"
