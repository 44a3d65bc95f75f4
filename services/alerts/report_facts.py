"""What a day brought, read from the database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.orm import Session

from services.alerts.report import Day, DayFacts
from shared.db.tables import Delivery, Event


def day_facts(session: Session, day: Day, *, account_id: int | None, disk_free: int, disk_total: int) -> DayFacts:
    """The facts of one account's day; None means everybody's."""
    cameras, labels, rules, verdicts = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    own = [] if account_id is None else [Event.account_id == account_id]
    for camera, label, verdict, fired, count in _counts(session, day, own):
        cameras[camera] += count
        labels[label] += count
        if verdict is not None:
            verdicts[verdict] += count
        for rule in fired:
            rules[rule] += count
    down_s, still_down = _downtimes(session, day, own)
    return DayFacts(
        date=day.date,
        events=cameras.total(),
        cameras=cameras,
        labels=labels,
        rules=rules,
        verdicts=verdicts,
        down_s=down_s,
        still_down=still_down,
        dead=_dead(session, day, account_id),
        disk_free=disk_free,
        disk_total=disk_total,
    )


def _counts(
    session: Session, day: Day, own: list[ColumnElement[bool]]
) -> Iterator[tuple[str, str, str | None, list[str], int]]:
    """Camera, label, verdict, rules, and how many events have those."""
    # As text: PostgreSQL cannot tell whether two values of the type JSON are the same.
    rules = cast(Event.rules, String)
    groups = (Event.camera_slug, Event.label, Event.verdict, rules)
    query = (
        select(*groups, func.count())
        .where(Event.kind == "detection", Event.occurred_at >= day.since, Event.occurred_at < day.until, *own)
        .group_by(*groups)
    )
    for camera, label, verdict, stored, count in session.execute(query):
        yield camera, label, verdict, json.loads(stored or "[]"), count


def _downtimes(session: Session, day: Day, own: list[ColumnElement[bool]]) -> tuple[dict[str, float], frozenset[str]]:
    query = select(Event.camera_slug, Event.started_at, Event.ended_at).where(
        Event.kind == "camera_down",
        Event.started_at < day.until,
        or_(Event.ended_at.is_(None), Event.ended_at > day.since),
        *own,
    )
    seconds, still_down = Counter[str](), set[str]()
    for camera, started_at, ended_at in session.execute(query):
        end: datetime = min(ended_at or day.until, day.until)
        # Rounded up: a camera that was down is in the report.
        seconds[camera] += max(1, round((end - max(started_at, day.since)).total_seconds()))
        if ended_at is None:
            still_down.add(camera)
    return {camera: float(count) for camera, count in seconds.items()}, frozenset(still_down)


def _dead(session: Session, day: Day, account_id: int | None) -> int:
    query = (
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.state == "dead", Delivery.settled_at >= day.since, Delivery.settled_at < day.until)
    )
    return int(session.scalar(query if account_id is None else query.where(Delivery.account_id == account_id)) or 0)
