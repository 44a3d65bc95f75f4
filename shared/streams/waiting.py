"""How long messages have waited for a group."""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.exceptions import ResponseError


def waiting_s(redis: Redis, stream: str, *, group: str) -> float:
    """Seconds since the oldest message was written that the group has not acknowledged; 0.0 where there is none.

    By Redis's own clock alone. Raises `redis.exceptions.RedisError`.
    """
    asked: Any = redis  # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes
    try:
        known = {info["name"]: info for info in asked.xinfo_groups(stream)}
    except ResponseError:
        return 0.0  # nothing was ever written there
    info = known.get(group.encode())
    pending: Any = asked.xpending(stream, group) if info is not None else {"pending": 0}
    if pending["pending"]:
        return _age_s(asked, pending["min"])
    after = b"(" + info["last-delivered-id"] if info is not None else b"-"
    unread: Any = asked.xrange(stream, min=after, count=1)
    return _age_s(asked, unread[0][0]) if unread else 0.0


def _age_s(redis: Any, entry_id: bytes) -> float:
    seconds, microseconds = redis.time()
    written_s = int(entry_id.partition(b"-")[0]) / 1000
    return max(0.0, float(seconds) + float(microseconds) / 1e6 - written_s)
