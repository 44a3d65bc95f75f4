"""The statements of the busiest path, built once: making them anew costs more than running them."""

from __future__ import annotations

from typing import Final, cast

from sqlalchemy import Table, and_, bindparam, func, or_, select

from shared.db.base import UtcDateTime
from shared.db.tables import Alert, Delivery, DeliveryAttempt

WAITING: Final = ("queued", "retrying")

_deliveries = cast("Table", Delivery.__table__)
_alerts = cast("Table", Alert.__table__)

SETTLE = (
    _deliveries.update()
    .where(
        _deliveries.c.id == bindparam("claimed_id"),
        _deliveries.c.state == "sending",
        _deliveries.c.attempts == bindparam("claimed_attempt"),
    )
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        lease_until=None,
        due_at=func.coalesce(bindparam("new_due_at", type_=UtcDateTime()), _deliveries.c.due_at),
        settled_at=bindparam("new_settled_at"),
        receipt=bindparam("new_receipt"),
    )
)
NOTE = cast("Table", DeliveryAttempt.__table__).insert()
_IS_WAITING = or_(*(_deliveries.c.state == state for state in WAITING))
_OF_RECIPIENT = and_(
    _deliveries.c.channel == bindparam("to_channel"),
    _deliveries.c.recipient == bindparam("to_recipient"),
    _IS_WAITING,
)
HOLD = (
    _deliveries.update()
    .where(_OF_RECIPIENT, _deliveries.c.due_at < bindparam("until"))
    .values(due_at=bindparam("until"))
)
# Plain notices alone: all others have more to be asked before they are sent.
NEXT = (
    select(_deliveries.c.id, _deliveries.c.revision, _alerts.c.notice, _deliveries.c.created_at)
    .join(_alerts, _alerts.c.id == _deliveries.c.alert_id)
    .where(
        _OF_RECIPIENT,
        _deliveries.c.purpose == "notice",
        _deliveries.c.due_at <= bindparam("now"),
        _deliveries.c.due_at > bindparam("not_before"),
    )
    .order_by(_deliveries.c.due_at, _deliveries.c.id)
    .limit(bindparam("most"))
)
TAKE = (
    _deliveries.update()
    .where(
        _deliveries.c.id == bindparam("wanted_id"),
        # It was read a moment ago: a verdict that came since has raised the revision, and is to be told.
        _deliveries.c.revision == bindparam("wanted_revision"),
        _IS_WAITING,
        _deliveries.c.due_at <= bindparam("now"),
    )
    .values(state="sending", lease_until=bindparam("new_lease"), attempts=_deliveries.c.attempts + 1)
    .returning(_deliveries.c.attempts)
)
