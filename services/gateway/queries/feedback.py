"""What people said about an event, as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.gateway.queries.cursor import Cursor
from shared.db.feedback import Feedback


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    rows: Sequence[Feedback]
    total: int
    next_cursor: str | None


def feedback_page(session: Session, event_id: int, *, limit: int, offset: int, cursor: Cursor | None) -> FeedbackPage:
    """A page of what was said about one event, newest first, and the number of all. Raises `UserError`."""
    about = Feedback.event_id == event_id
    total = session.scalar(select(func.count()).select_from(Feedback).where(about))
    # By number alone: it grows in the order of the commits, which decides what the event shows.
    query = select(Feedback).where(about).order_by(Feedback.id.desc())
    if cursor is not None:
        query = query.where(Feedback.id < cursor.number)
    found = session.scalars(query.limit(limit + 1).offset(offset)).all()
    rows = found[:limit]
    last = Cursor(at=rows[-1].at, id=rows[-1].id).text() if len(found) > limit else None
    return FeedbackPage(rows=rows, total=int(total or 0), next_cursor=last)
