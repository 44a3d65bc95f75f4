"""What was held back, told in one message when that is over: opening digests, and putting them into words.

Everything here runs inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, func, or_, select
from sqlalchemy.orm import Session

from services.alerts.notice import Notice
from shared.db.base import UtcDateTime
from shared.db.insert import insert
from shared.db.tables import Alert, Delivery
from shared.domain import ids

_GROUPS_NAMED = 8

_deliveries = cast("Table", Delivery.__table__)
# What died with a digest is told after all when somebody has that sent again.
_IN_DIGEST = ("held", "dead")
_SETTLE_HELD = (
    _deliveries.update()
    .where(
        _deliveries.c.digest_id == bindparam("digest"),
        or_(*(_deliveries.c.state == state for state in _IN_DIGEST)),
    )
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        settled_at=bindparam("new_settled_at", type_=UtcDateTime()),
        receipt=bindparam("new_receipt"),
    )
)


@dataclass(frozen=True, slots=True)
class Digest:
    """One message to one recipient, at the end of what holds others back from it."""

    channel: str
    recipient: str
    account_id: int | None
    until: datetime

    @property
    def event_uuid(self) -> str:
        """What stands in an event's place."""
        return ids.digest_event_id(self.channel, self.recipient, int(self.until.timestamp() * 1000))

    @property
    def id(self) -> str:
        """The alert's id."""
        return ids.alert_id(self.event_uuid)

    @property
    def delivery_id(self) -> str:
        return ids.delivery_id(self.id, self.channel, self.recipient)


def open_digests(session: Session, digests: Collection[Digest], *, now: datetime) -> frozenset[str]:
    """Store those that are new; the ids of all that still take something in.

    Those stay locked until the transaction ends, so that none is sent before what it is to hold is stored. A digest
    that is being sent or was sent takes nothing in.
    """
    if not digests:
        return frozenset()
    session.execute(insert(session, Alert).on_conflict_do_nothing(), [_alert(digest, now=now) for digest in digests])
    rows = [_delivery(digest, now=now) for digest in digests]
    session.execute(insert(session, Delivery).on_conflict_do_nothing(), rows)
    wanted = sorted({digest.delivery_id for digest in digests})
    still_open = (
        select(Delivery.alert_id)
        .where(Delivery.id.in_(wanted), Delivery.state == "queued", Delivery.attempts == 0)
        .order_by(Delivery.id)  # the same order for everybody: nobody waits in a circle
        .with_for_update()
    )
    return frozenset(session.scalars(still_open))


def gather(session: Session, row: Delivery, *, now: datetime) -> None:
    """Take into a digest that is due whatever waits in the recipient's other ones that are due as well."""
    others = session.scalars(
        select(Delivery)
        .where(
            Delivery.channel == row.channel,
            Delivery.recipient == row.recipient,
            Delivery.purpose == "digest",
            Delivery.state == "queued",
            Delivery.attempts == 0,
            Delivery.due_at <= now,
            Delivery.id != row.id,
        )
        .with_for_update(skip_locked=True)
    ).all()
    for other in others:
        moved = _deliveries.update().where(
            _deliveries.c.digest_id == other.alert_id, _deliveries.c.state.in_(_IN_DIGEST)
        )
        session.execute(moved.values(digest_id=row.alert_id))
        other.state, other.settled_at, other.reason = "cancelled", now, "told with another digest"


def most_severe(session: Session, digest_id: str) -> int | None:
    """The highest severity that the digest holds; None when it holds nothing."""
    held = _held(digest_id).subquery()
    return session.scalar(select(func.max(held.c.severity)))


def write(session: Session, alert: Alert, *, now: datetime) -> bool:
    """Put what the digest holds into its notice; False when that is nothing."""
    held = _held(alert.id).subquery()
    grouped = select(held.c.camera, held.c.camera_name, held.c.text, func.count(), func.max(held.c.severity))
    groups = session.execute(grouped.group_by(held.c.camera, held.c.camera_name, held.c.text)).all()
    if not groups:
        return False
    cameras = {camera: name for camera, name, *_ in groups}
    count = sum(many for *_, many, _ in groups)
    told = {
        "camera": next(iter(cameras)) if len(cameras) == 1 else "",
        "camera_name": next(iter(cameras.values())) if len(cameras) == 1 else f"{len(cameras)} cameras",
        "severity": max(severity for *_, severity in groups),
        "count": count,
        "text": text_of({(name, text): many for _, name, text, many, _ in groups}),
        "captured_at": now.isoformat(),
        "stored_at": now.isoformat(),
    }
    alert.notice = {**alert.notice, **told}
    return True


def text_of(groups: Mapping[tuple[str, str], int]) -> str:
    """What is told of so many events by the names of their cameras and their texts; the most frequent first."""
    count = sum(groups.values())
    several = len({name for name, _ in groups}) > 1
    ordered = sorted(groups.items(), key=lambda group: (-group[1], group[0]))
    named = [f"{many} × {text}" + (f" ({name})" if several else "") for (name, text), many in ordered[:_GROUPS_NAMED]]
    left = sum(many for _, many in ordered[_GROUPS_NAMED:])
    events = "1 event was" if count == 1 else f"{count} events were"
    return f"{events} held back: " + ", ".join([*named, *([f"{left} more"] if left else [])])


def settle_held(connection: Connection, digest_id: str, state: str, *, at: datetime, reason: str, sent: bool) -> None:
    """What became of a digest became of everything it holds."""
    values = {
        "digest": digest_id,
        "new_state": state,
        "new_reason": reason,
        "new_settled_at": at,
        "new_receipt": {"digest": digest_id} if sent else {},
    }
    connection.execute(_SETTLE_HELD, values)


def _held(digest_id: str) -> Any:
    notice = Alert.notice
    return (
        select(
            notice["camera"].as_string().label("camera"),
            notice["camera_name"].as_string().label("camera_name"),
            notice["text"].as_string().label("text"),
            notice["severity"].as_integer().label("severity"),
        )
        .join(Delivery, Delivery.alert_id == Alert.id)
        .where(Delivery.digest_id == digest_id, Delivery.state.in_(_IN_DIGEST))
    )


def _alert(digest: Digest, *, now: datetime) -> dict[str, Any]:
    notice = Notice(
        event_id=digest.event_uuid,
        account_id=digest.account_id,
        kind="digest",
        camera="",
        camera_name="",
        label="digest",
        confidence=1.0,
        severity=0,
        rules=(),
        zones=(),
        captured_at=digest.until,
        stored_at=digest.until,
        snapshot=None,
        text="",
        count=0,
    )
    return {
        "id": digest.id,
        "event_uuid": digest.event_uuid,
        "account_id": digest.account_id,
        "notice": notice.model_dump(mode="json"),
        "decided_at": now,
    }


def _delivery(digest: Digest, *, now: datetime) -> dict[str, Any]:
    return {
        "id": digest.delivery_id,
        "alert_id": digest.id,
        "event_uuid": digest.event_uuid,
        "account_id": digest.account_id,
        "channel": digest.channel,
        "recipient": digest.recipient,
        "purpose": "digest",
        "state": "queued",
        "due_at": digest.until,
        "created_at": now,
    }


def unique(digests: Iterable[Digest]) -> list[Digest]:
    """Each once, in an order that does not depend on who asks."""
    return sorted(set(digests), key=lambda digest: digest.delivery_id)
