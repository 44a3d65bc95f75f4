"""Acknowledging an alert: somebody has taken note, nobody else need be fetched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shared.db.deliveries import Alert, Delivery
from shared.db.recipients import RecipientRow

_WAITING = ("queued", "retrying")


def acknowledge(session: Session, alert: Alert, by: str, now: datetime) -> bool:
    """Note who took note first, and call off the escalations that still wait; False when somebody had before.

    Works in the caller's transaction and never commits; of two at once one is first.
    """
    by = by[:200]
    first = (
        update(Alert)
        .where(Alert.id == alert.id, Alert.acknowledged_at.is_(None))
        .values(acknowledged_at=now, acknowledged_by=by)
        .returning(Alert.id)
        .execution_options(synchronize_session=False)
    )
    is_first = session.execute(first).one_or_none() is not None
    session.refresh(alert)
    if is_first:
        _call_off(session, alert.id, reason=f"acknowledged by {by}", now=now)
    return is_first


def _call_off(session: Session, alert_id: str, *, reason: str, now: datetime) -> None:
    waiting = session.execute(
        select(Delivery.id, Delivery.channel, Delivery.recipient).where(
            Delivery.alert_id == alert_id, Delivery.state.in_(_WAITING)
        )
    ).all()
    numbers = {int(recipient) for _, _, recipient in waiting if recipient.isdecimal()}
    later = select(RecipientRow.channel, RecipientRow.id).where(RecipientRow.id.in_(numbers), RecipientRow.after_s > 0)
    escalating = {(channel, str(number)) for channel, number in session.execute(later)}
    ids = [row.id for row in waiting if (row.channel, row.recipient) in escalating]
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids), Delivery.state.in_(_WAITING))
        .values(state="cancelled", reason=reason, settled_at=now)
        .execution_options(synchronize_session="fetch")
    )
