"""The pictures behind events."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.db.events import Event
from shared.domain.errors import Permanent
from shared.media import MediaStore


def photo_of(event: Event, media: MediaStore) -> bytes | None:
    """The event's JPEG; None when it has none, or the store has none any more."""
    if event.snapshot is None:
        return None
    try:
        return media.read(event.snapshot)
    except (FileNotFoundError, IsADirectoryError, Permanent):
        return None


def is_picture_of(session: Session, path: str, *, account_id: int) -> bool:
    """Whether this path of the media store is the picture of an event of the account. Looks through its events."""
    shown = or_(Event.snapshot == path, Event.crop == path)
    return session.scalar(select(Event.id).where(Event.account_id == account_id, shown).limit(1)) is not None
