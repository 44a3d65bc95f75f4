"""Looking at the parts of Argus that can fail: each look says of some parts whether they work."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
from redis import Redis
from redis.exceptions import RedisError

from services.alerts.part_words import DISK, JUDGE, REDIS
from shared.messages.topics import LIVENESS

Look = Callable[[], Mapping[str, bool]]
"""Parts by name; one that cannot be known now is left out. Blocks for some seconds at most."""

_JUDGE_S = 2.0


def redis_look(redis: Redis) -> Look:
    def look() -> Mapping[str, bool]:
        try:
            return {REDIS: bool(redis.ping())}
        except RedisError:
            return {REDIS: False}

    return look


def services_look(redis: Redis, *, own: str) -> Look:
    """Every service that was seen alive: what an installation does not run is not missed. `own` is who looks."""
    known: set[str] = set()

    def look() -> Mapping[str, bool]:
        try:
            keys = list(redis.scan_iter(match=LIVENESS.format(service="*", instance="*"), count=1000))
        except RedisError:
            return {}
        alive = {key.decode(errors="replace").split(":")[1] for key in keys} - {own}
        known.update(alive)
        return {service: service in alive for service in known}

    return look


def judge_look(url: str) -> Look:
    def look() -> Mapping[str, bool]:
        try:
            with httpx.stream("GET", f"{url.rstrip('/')}/api/version", timeout=_JUDGE_S) as answer:
                return {JUDGE: answer.is_success}
        except (httpx.HTTPError, httpx.InvalidURL):
            return {JUDGE: False}

    return look


def disk_look(
    folder: Path,
    *,
    low_bytes: int,
    is_low: Callable[[], bool],
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> Look:
    """Low below `low_bytes`; once it is (`is_low`), enough only with a quarter more than that."""

    def look() -> Mapping[str, bool]:
        try:
            return {DISK: free(folder) >= low_bytes * (1.25 if is_low() else 1.0)}
        except OSError:
            return {}

    return look
