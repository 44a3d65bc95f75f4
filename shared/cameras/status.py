"""The statuses of several cameras at once, as ingest tells them."""

from __future__ import annotations

from collections.abc import Iterable

from redis import Redis

from shared.domain.camera import CameraStatus
from shared.messages.camera_status import read_status
from shared.messages.topics import CAMERA_STATUS


def read_statuses(redis: Redis, slugs: Iterable[str]) -> dict[str, CameraStatus]:
    """The statuses that are known, by slug, in one round trip. Raises `redis.exceptions.RedisError`."""
    wanted = list(slugs)
    pipe = redis.pipeline(transaction=False)
    for slug in wanted:
        pipe.hgetall(CAMERA_STATUS.format(slug=slug))
    found = zip(wanted, pipe.execute() if wanted else [], strict=True)
    return {slug: status for slug, fields in found if (status := read_status(fields)) is not None}
