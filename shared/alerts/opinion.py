"""What somebody thinks of an event, kept beside all that was said before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from shared.db.tables import Event, Feedback

_NAME_LENGTH = 200


def add_opinion(
    session: Session,
    event: Event,
    kind: str,
    *,
    author: str,
    account_id: int | None,
    now: datetime,
    confidence: float | None = None,
    comment: str | None = None,
) -> Feedback:
    """Keep it and show it as the event's `user_feedback`, in the caller's transaction.

    `kind` is false_positive, confirmed or missed. The event's row is to be locked, so that of two people who speak at
    once the event shows the one whose row is the newest.
    """
    row = Feedback(
        event_id=event.id,
        account_id=account_id,
        author=author[:_NAME_LENGTH],
        kind=kind,
        confidence=confidence,
        comment=comment,
        at=now,
    )
    session.add(row)
    event.user_feedback = kind
    return row
