"""Putting a digest into words: what it holds when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.alerts.notice import Held
from shared.db.tables import Alert, Delivery

# What died with a digest is told after all when somebody has that sent again.
IN_DIGEST: Final = ("held", "dead")

_GROUPS_NAMED = 8


def most_severe(session: Session, digest_id: str) -> int | None:
    """The highest severity that the digest holds; None when it holds nothing."""
    held = _held(digest_id).subquery()
    return session.scalar(select(func.max(held.c.severity)))


def write(session: Session, alert: Alert, *, now: datetime) -> bool:
    """Put what the digest holds into its notice; False when that is nothing."""
    held = _held(alert.id).subquery()
    alike = (held.c.camera, held.c.camera_name, held.c.text)
    grouped = select(*alike, func.count(), func.max(held.c.severity), func.min(held.c.id))
    groups = session.execute(grouped.group_by(*alike)).all()
    if not groups:
        return False
    cameras = {camera: name for camera, name, *_ in groups}
    count = sum(many for *_, many, _, _ in groups)
    told = {
        "camera": next(iter(cameras)) if len(cameras) == 1 else "",
        "camera_name": next(iter(cameras.values())) if len(cameras) == 1 else f"{len(cameras)} cameras",
        "severity": max(severity for *_, severity, _ in groups),
        "count": count,
        "text": text_of({(name, text): many for _, name, text, many, *_ in groups}),
        "held": _examples(session, {(name, text): (many, one) for _, name, text, many, _, one in groups}),
        "captured_at": now.isoformat(),
        "stored_at": now.isoformat(),
    }
    alert.notice = {**alert.notice, **told}
    return True


def text_of(groups: Mapping[tuple[str, str], int]) -> str:
    """What is told of so many events by the names of their cameras and their texts; the most frequent first."""
    count = sum(groups.values())
    several = len({name for name, _ in groups}) > 1
    ordered = _most_frequent_first(groups)
    named = [f"{many} × {text}" + (f" ({name})" if several else "") for (name, text), many in ordered[:_GROUPS_NAMED]]
    left = sum(many for _, many in ordered[_GROUPS_NAMED:])
    events = "1 event was" if count == 1 else f"{count} events were"
    return f"{events} held back: " + ", ".join([*named, *([f"{left} more"] if left else [])])


def _most_frequent_first(groups: Mapping[tuple[str, str], int]) -> list[tuple[tuple[str, str], int]]:
    return sorted(groups.items(), key=lambda group: (-group[1], group[0]))


def _examples(session: Session, groups: Mapping[tuple[str, str], tuple[int, str]]) -> list[dict[str, Any]]:
    """The JSON of a notice's `held`: what it takes to name the most frequent in any language."""
    named = [group for group, _ in _most_frequent_first({group: many for group, (many, _) in groups.items()})]
    counts = {one: many for many, one in (groups[group] for group in named[:_GROUPS_NAMED])}
    stored = session.execute(select(Alert.id, Alert.notice).where(Alert.id.in_(counts)))
    notices: dict[str, dict[str, Any]] = {row.id: row.notice for row in stored}
    names = Held.model_fields.keys() - {"count"}
    return [{"count": many, **{name: notices[one][name] for name in names}} for one, many in counts.items()]


def _held(digest_id: str) -> Any:
    notice = Alert.notice
    return (
        select(
            Alert.id.label("id"),
            notice["camera"].as_string().label("camera"),
            notice["camera_name"].as_string().label("camera_name"),
            notice["text"].as_string().label("text"),
            notice["severity"].as_integer().label("severity"),
        )
        .join(Delivery, Delivery.alert_id == Alert.id)
        .where(Delivery.digest_id == digest_id, Delivery.state.in_(IN_DIGEST))
    )
