"""The statuses of several cameras at once, as ingest tells them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from redis import Redis

from shared.domain.camera import CameraState, CameraStatus
from shared.messages.camera_status import STATUS_FRESH_S, STATUS_TTL_S, read_status
from shared.messages.topics import CAMERA_STATUS

UNWATCHED = "nobody watches the camera: ingest does not run"


def read_statuses(redis: Redis, slugs: Iterable[str]) -> dict[str, CameraStatus]:
    """The statuses that are known, by slug, in one round trip. Raises `redis.exceptions.RedisError`.

    A status that ingest has not renewed lately says how the camera was, not how it is: it is told as offline.
    """
    wanted = list(slugs)
    pipe: Any = redis.pipeline(transaction=False)
    for slug in wanted:
        key = CAMERA_STATUS.format(slug=slug)
        pipe.hgetall(key)
        pipe.pttl(key)
    replies = pipe.execute() if wanted else []
    found = zip(wanted, replies[::2], replies[1::2], strict=True)
    statuses = ((slug, _current(read_status(fields), left_ms=left_ms)) for slug, fields, left_ms in found)
    return {slug: status for slug, status in statuses if status is not None}


def _current(status: CameraStatus | None, *, left_ms: int) -> CameraStatus | None:
    # Redis counts the age itself, so clocks of two machines are never compared. Below 0 the key does not expire.
    age_s = STATUS_TTL_S - left_ms / 1000 if left_ms >= 0 else 0.0
    if status is None or age_s <= STATUS_FRESH_S:
        return status
    return replace(status, state=CameraState.OFFLINE, fault=None, detail=UNWATCHED, fps=0.0)
