"""Leaving a recipient alone for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.alerts.digests import Digest, open_digests
from shared.db.tables import Delivery, RecipientRow


def mute(
    session: Session, channel: str, recipient: str, *, told_since: datetime, until: datetime, now: datetime
) -> bool:
    """Tell the recipient nothing before `until`, in the caller's transaction; False when it has no row.

    `told_since` is when it was chosen: numbers of deleted rows may be given out again, and a younger row is another's.
    What waits to be told goes into the digest of that moment: a mute is pressed because too much comes.
    """
    row = _row(session, channel, recipient)
    if row is None or row.created_at > told_since:
        return False
    row.muted_until = until if row.muted_until is None else max(row.muted_until, until)
    digest = Digest(channel, recipient, row.account_id, row.muted_until)
    if digest.id in open_digests(session, [digest], now=now):
        waiting = update(Delivery).where(
            Delivery.channel == channel,
            Delivery.recipient == recipient,
            Delivery.purpose.in_(("notice", "escalation")),
            Delivery.state.in_(("queued", "retrying")),
            Delivery.due_at < row.muted_until,
        )
        session.execute(waiting.values(state="held", digest_id=digest.id, due_at=row.muted_until))
    return True


def _row(session: Session, channel: str, recipient: str) -> RecipientRow | None:
    if not recipient.isdecimal():
        return None
    wanted = select(RecipientRow).where(RecipientRow.id == int(recipient), RecipientRow.channel == channel)
    return session.scalars(wanted.with_for_update()).one_or_none()
