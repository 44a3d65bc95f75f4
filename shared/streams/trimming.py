"""Removing what every group has acknowledged, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

TRIM_STEP = 2_000


def trim_acknowledged(redis: Any, stream: str, *, groups: Iterable[str], keep: int, step: int = TRIM_STEP) -> int:
    """Remove the oldest entries beyond the newest `keep`, but only those every group has acknowledged.

    Removes at most `step` entries per call and returns how many went. Raises `redis.exceptions.RedisError`.
    """
    excess = min(int(redis.xlen(stream)) - keep, step)
    oldest = redis.xrange(stream, count=excess) if excess > 0 else []
    if not oldest:
        return 0
    known = {info["name"]: info for info in redis.xinfo_groups(stream)}
    cuts = [oldest[-1][0]]
    for group in groups:
        info = known.get(group.encode())
        if info is None:
            return 0  # a group that has not read yet needs everything
        pending = redis.xpending(stream, group)
        cuts.append(pending["min"] if pending["pending"] else info["last-delivered-id"])
    return int(redis.xtrim(stream, minid=min(cuts, key=_position), approximate=False))


def _position(entry_id: bytes) -> tuple[int, int]:
    ms, _, seq = entry_id.partition(b"-")
    return int(ms), int(seq or 0)
