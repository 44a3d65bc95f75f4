"""Alerts, deliveries and recipients to answer about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from shared.db.deliveries import Alert, Delivery
from shared.db.recipients import RecipientRow

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def recipient(session: Session, **values: Any) -> RecipientRow:
    defaults: dict[str, Any] = {
        "channel": "email",
        "name": "Ada",
        "address": {"email": "ada@example.org"},
        "notification_types": ["alerts"],
        "account_id": None,
        "created_at": NOW,
        "updated_at": NOW,
        "verified_at": NOW,
    }
    row = RecipientRow(**{**defaults, **values})
    session.add(row)
    session.flush()
    return row


def alert(session: Session, name: str = "alert-1") -> Alert:
    row = Alert(id=name, event_uuid=f"event-of-{name}", account_id=None, notice={}, decided_at=NOW, revision=0)
    session.add(row)
    session.flush()
    return row


def delivery(session: Session, of: Alert, to: RecipientRow, *, state: str = "queued") -> Delivery:
    row = Delivery(
        id=f"{of.id}/{to.id}",
        alert_id=of.id,
        event_uuid=of.event_uuid,
        account_id=None,
        channel=to.channel,
        recipient=str(to.id),
        revision=0,
        state=state,
        due_at=NOW,
        created_at=NOW,
    )
    session.add(row)
    session.flush()
    return row
