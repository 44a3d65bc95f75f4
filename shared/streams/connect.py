"""One way to reach Redis."""

from __future__ import annotations

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from shared.domain.errors import UserError


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
    except ValueError as error:
        raise UserError("redis_url", str(error), remedy="redis://host:port/db, rediss://… or unix://…") from None
