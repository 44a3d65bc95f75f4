"""Which cameras there are, what was seen there, and whether people know them to be down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.tables import Camera, Event
from shared.messages.camera_status import read_status, read_told_down_since
from shared.messages.topics import CAMERA_STATUS


@dataclass(frozen=True, slots=True)
class Known:
    """A camera. `labels` are of its events."""

    slug: str
    name: str
    labels: frozenset[str] = frozenset()


def cameras(session: Session, *, events_since: datetime | None = None) -> list[Known]:
    """Every camera, with the labels of its detections since then (None: without labels, which is much less to read)."""
    seen = {} if events_since is None else _labels(session, events_since)
    found = session.execute(select(Camera.slug, Camera.name).order_by(Camera.id))
    return [Known(slug, name, frozenset(seen.get(slug, ()))) for slug, name in found]


def down(redis: Redis, slugs: Iterable[str]) -> dict[str, bool]:
    """Whether people were told that each camera is down; those of which nothing is known are left out.

    Raises `redis.exceptions.RedisError`.
    """
    asked = list(slugs)
    pipe = redis.pipeline(transaction=False)
    for slug in asked:
        pipe.hgetall(CAMERA_STATUS.format(slug=slug))
    return {
        slug: read_told_down_since(fields) is not None
        for slug, fields in zip(asked, pipe.execute(), strict=True)
        if read_status(fields) is not None
    }


def _labels(session: Session, since: datetime) -> dict[str, set[str]]:
    labels: dict[str, set[str]] = {}
    rows = select(Event.camera_slug, Event.label).where(Event.kind == "detection", Event.occurred_at >= since)
    for slug, label in session.execute(rows.distinct()):
        labels.setdefault(slug, set()).add(label)
    return labels
