"""Somebody has seen to an alert: nobody else needs to be called."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from shared.db.tables import Alert, Delivery

_NAME_LENGTH = 200


def acknowledge(session: Session, alert_id: str, *, by: str, now: datetime) -> bool:
    """Write down who saw to the alert, in the caller's transaction, and cancel its escalations that still wait.

    True for the first who does; whoever comes later changes nothing. False for an alert that is not there, too.
    `by` is a person's name or address.
    """
    name = by[:_NAME_LENGTH]
    first = update(Alert).where(Alert.id == alert_id, Alert.acknowledged_at.is_(None))
    first = first.values(acknowledged_at=now, acknowledged_by=name).returning(Alert.id)
    if session.execute(first).one_or_none() is None:
        return False
    waiting = update(Delivery).where(
        Delivery.alert_id == alert_id,
        Delivery.purpose == "escalation",
        Delivery.state.in_(("queued", "retrying", "held")),
    )
    session.execute(waiting.values(state="cancelled", settled_at=now, reason=f"acknowledged by {name}"))
    return True
