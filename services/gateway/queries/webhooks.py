"""Webhooks as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.db.deliveries import Webhook


def webhooks_page(
    session: Session, *, account_id: int | None, limit: int, offset: int
) -> tuple[Sequence[Webhook], int]:
    """A page of webhooks, newest first, and the number of all."""
    own = [Webhook.account_id == account_id] if account_id is not None else []
    query = select(Webhook).where(*own).order_by(Webhook.id.desc()).limit(limit).offset(offset)
    total = session.scalar(select(func.count()).select_from(Webhook).where(*own))
    return session.scalars(query).all(), int(total or 0)
