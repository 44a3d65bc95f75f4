"""What was worth telling, as one list to be read and put away: events that no judge has rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from shared.db.cameras import Camera
from shared.db.deliveries import Alert, Webhook
from shared.db.events import Event
from shared.db.recipients import RecipientRow
from shared.domain.errors import NotFound

ReadState = Literal["unread", "read", "all"]


@dataclass(frozen=True, slots=True)
class Notification:
    """`number` is the event's; `camera_number` is None where the camera is gone."""

    number: int
    account_id: int | None
    camera_number: int | None
    camera_name: str
    message: str
    image_path: str | None
    label: str
    confidence: float
    region: str | None
    metadata: dict[str, Any] | None
    read_at: datetime | None
    at: datetime


def notifications_page(
    session: Session, *, account_id: int | None, state: ReadState, limit: int, offset: int
) -> tuple[Sequence[Notification], int]:
    """A page, newest first, and how many there are."""
    conditions = _conditions(account_id, state)
    total = session.scalar(select(func.count()).select_from(Event).where(*conditions))
    newest_first = (Event.occurred_at.desc(), Event.id.desc())
    query = _shown().where(*conditions).order_by(*newest_first).limit(limit).offset(offset)
    return [_notification(row) for row in session.execute(query)], int(total or 0)


def notification_of(session: Session, number: int, *, account_id: int | None) -> Notification:
    """One. Raises `NotFound`."""
    row = session.execute(_shown().where(Event.id == number, *_conditions(account_id, "all"))).first()
    if row is None:
        raise _missing()
    return _notification(row)


def event_behind(session: Session, number: int, *, account_id: int | None) -> Event:
    """The event of a notification, locked until the transaction ends. Raises `NotFound`."""
    found = session.scalar(
        select(Event).where(Event.id == number, *_conditions(account_id, "all")).with_for_update(of=Event.__table__)
    )
    if found is None:
        raise _missing()
    return found


def has_anybody_to_tell(session: Session, account_id: int | None) -> bool:
    """Whether the account's alerts reach anybody at all."""
    mine = (None,) if account_id is None else (None, account_id)
    hooks = session.scalars(select(Webhook.account_id).where(Webhook.enabled)).all()
    people = session.execute(
        select(RecipientRow.account_id, RecipientRow.notification_types).where(
            RecipientRow.enabled, RecipientRow.verified_at.is_not(None)
        )
    ).all()
    return any(owner in mine for owner in hooks) or any(owner in mine and "alerts" in kinds for owner, kinds in people)


def _conditions(account_id: int | None, state: ReadState) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        Event.kind == "detection",
        Event.dismissed_at.is_(None),
        or_(Event.verdict.is_(None), Event.verdict != "rejected"),
    ]
    if account_id is not None:
        found.append(Event.account_id == account_id)
    if state == "unread":
        found.append(Event.read_at.is_(None))
    elif state == "read":
        found.append(Event.read_at.is_not(None))
    return found


def _shown() -> Select[Any]:
    return (
        select(
            Event.id,
            Event.account_id,
            Camera.id.label("camera_number"),
            Event.camera_slug,
            Alert.notice,
            Event.snapshot,
            Event.label,
            Event.confidence,
            Event.zones,
            Event.module_results,
            Event.read_at,
            Event.occurred_at,
            Camera.name.label("camera_name"),
        )
        .select_from(Event)
        .outerjoin(Alert, Alert.event_uuid == Event.uuid)
        .outerjoin(Camera, (Camera.slug == Event.camera_slug) & (Camera.account_id == Event.account_id))
    )


def _notification(row: Any) -> Notification:
    # It still knows the name of a camera that is gone.
    notice = row.notice or {}
    return Notification(
        number=row.id,
        account_id=row.account_id,
        camera_number=row.camera_number,
        camera_name=row.camera_name or str(notice.get("camera_name") or row.camera_slug),
        message=str(notice.get("text") or _text(row)),
        image_path=row.snapshot,
        label=row.label,
        confidence=row.confidence,
        region=row.zones[0] if row.zones else None,
        metadata=row.module_results.get("notification"),
        read_at=row.read_at,
        at=row.occurred_at,
    )


def _text(row: Any) -> str:
    """What is said of an event that nobody was told of."""
    return f"{row.label} in {', '.join(row.zones)}" if row.zones else str(row.label)


def _missing() -> NotFound:
    return NotFound("notification", "there is no such notification")
