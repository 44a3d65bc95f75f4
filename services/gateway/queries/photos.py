"""The pictures behind events."""

from __future__ import annotations

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
