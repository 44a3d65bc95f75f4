"""What the alerts service tells of by itself: what a day brought, and parts of Argus that fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from redis import Redis
from sqlalchemy import Engine

from services.alerts.channel import Channel
from services.alerts.hint import Enqueue
from services.alerts.part_words import DISK
from services.alerts.parts import Look, disk_look, judge_look, redis_look, services_look
from services.alerts.reporter import Reporter
from services.alerts.steadiness import Steadiness
from services.alerts.system_watch import SystemWatch
from shared.db.engine import sessions
from shared.settings import Settings

Watchers = Mapping[str, Callable[[threading.Event], None]]
"""Loops by name; each runs until the event is set."""

_OWN = "alerts"
_MIB = 2**20


def build_watchers(
    settings: Settings,
    engine: Engine,
    redis: Redis,
    channels: Mapping[str, Channel],
    *,
    enqueue: Enqueue,
    now: Callable[[], datetime],
) -> Watchers:
    """Assemble them. Connects to nothing yet."""
    alerts, factory = settings.alerts, sessions(engine)
    steadiness = Steadiness(down_after_s=alerts.status_down_after_s, up_after_s=alerts.status_up_after_s)
    low_bytes = alerts.disk_low_mib * _MIB
    looks: list[Look] = [
        redis_look(redis),
        services_look(redis, own=_OWN),
        disk_look(settings.data_dir, low_bytes=low_bytes, is_low=lambda: steadiness.is_down(DISK)),
    ]
    if settings.ollama.url is not None:
        looks.append(judge_look(settings.ollama.url))
    reporter = Reporter(factory, channels, alerts, data_dir=settings.data_dir, enqueue=enqueue, now=now)
    watch = SystemWatch(factory, channels, looks, steadiness, enqueue=enqueue, now=now)
    return {"reports": reporter.run, "status": watch.run}
