"""One way to reach Redis."""

from __future__ import annotations

from redis import ConnectionPool, Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from shared.domain.errors import UserError

# What redis-py notes about its own pool: another pool makes these anew.
_OF_THE_POOL = ("maint_", "orig_", "himport_")


def connect(url: str, *, socket_timeout_s: float = 5.0) -> Redis:
    """A thread-safe client: bytes in, bytes out. Opens nothing yet.

    A dropped connection is retried a few times within about a second; after that the caller sees
    `redis.exceptions.ConnectionError` and decides. Blocking reads must ask for less than `socket_timeout_s`.
    """
    try:
        return Redis.from_url(
            url,
            protocol=2,
            socket_timeout=socket_timeout_s,
            socket_connect_timeout=2.0,
            health_check_interval=15,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=3),
            retry_on_error=[RedisConnectionError, RedisTimeoutError],
        )
    except (ValueError, TypeError):
        # The reason may quote a part of the password: it is not repeated.
        raise UserError(
            "redis_url", "is not a Redis URL", remedy="redis://:password@host:port/db, rediss://… or unix://…"
        ) from None


def without_retry(redis: Redis) -> Redis:
    """A client of the same server, with connections of its own, that repeats nothing by itself.

    For commands whose reply must not get lost unseen: a group read that is silently sent again returns the
    messages after those of the lost reply. Replies are those of RESP2.
    """
    pool = redis.connection_pool
    options = {name: value for name, value in pool.connection_kwargs.items() if not name.startswith(_OF_THE_POOL)}
    options |= {"protocol": 2, "retry": Retry(NoBackoff(), retries=0), "retry_on_error": []}
    return Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, **options))
