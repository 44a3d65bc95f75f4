"""What was held back, told in one message when that is over.

Everything here runs inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, or_, select
from sqlalchemy.orm import Session

from services.alerts.digest_words import IN_DIGEST
from services.alerts.notice import Notice
from shared.db.base import UtcDateTime
from shared.db.insert import insert
from shared.db.tables import Alert, Delivery
from shared.domain import ids

_deliveries = cast("Table", Delivery.__table__)
_SETTLE_HELD = (
    _deliveries.update()
    .where(
        _deliveries.c.digest_id == bindparam("digest"),
        or_(*(_deliveries.c.state == state for state in IN_DIGEST)),
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


def unique(digests: Iterable[Digest]) -> list[Digest]:
    """Each once, in an order that does not depend on who asks."""
    return sorted(set(digests), key=lambda digest: digest.delivery_id)


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
            _deliveries.c.digest_id == other.alert_id, _deliveries.c.state.in_(IN_DIGEST)
        )
        session.execute(moved.values(digest_id=row.alert_id))
        other.state, other.settled_at, other.reason = "cancelled", now, "told with another digest"


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
