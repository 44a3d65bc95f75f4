"""What becomes of what digests hold.

Everything here runs inside a transaction of the caller.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, bindparam, or_, select
from sqlalchemy.orm import Session

from services.alerts.digest_words import IN_DIGEST
from shared.db.base import UtcDateTime
from shared.db.tables import Delivery

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
