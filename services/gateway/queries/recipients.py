"""Recipients as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.db.recipients import RecipientRow


def recipients_page(
    session: Session, *, account_id: int | None, channel: str | None, limit: int, offset: int
) -> tuple[Sequence[RecipientRow], int]:
    """A page of recipients, newest first, and the number of all that fit."""
    pairs = ((RecipientRow.account_id, account_id), (RecipientRow.channel, channel))
    conditions = [column == value for column, value in pairs if value is not None]
    query = select(RecipientRow).where(*conditions).order_by(RecipientRow.id.desc()).limit(limit).offset(offset)
    total = session.scalar(select(func.count()).select_from(RecipientRow).where(*conditions))
    return session.scalars(query).all(), int(total or 0)
