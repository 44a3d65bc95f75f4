"""Leaving a recipient alone for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from shared.alerts.digests import Digest, open_digests
from shared.db.deliveries import Delivery
from shared.db.recipients import RecipientRow
from shared.domain.channel import WITHOUT_DIGESTS


def mute(session: Session, row: RecipientRow, *, until: datetime, now: datetime) -> None:
    """Tell the recipient nothing before `until`, in the caller's transaction.

    What waits to be told goes into the digest of that moment: a mute is asked for because too much comes.
    """
    row.muted_until, row.updated_at = until, now
    if row.channel in WITHOUT_DIGESTS:
        return
    digest = Digest(row.channel, str(row.id), row.account_id, until)
    if digest.id in open_digests(session, [digest], now=now):
        waiting = update(Delivery).where(
            Delivery.channel == row.channel,
            Delivery.recipient == str(row.id),
            Delivery.purpose.in_(("notice", "escalation")),
            Delivery.state.in_(("queued", "retrying")),
            Delivery.due_at < until,
        )
        session.execute(waiting.values(state="held", digest_id=digest.id, due_at=until))
