"""The pictures of scenes: kept only until their specialist and the brain have looked at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.media import MediaStore
from shared.messages.answers import SnapshotAnswer
from shared.modules.order import PictureRef

FOLDER: Final = "scenes"
KEEP: Final = timedelta(minutes=10)
"""What was not looked at by then tells of the past."""

_STAMP = "%Y%m%dT%H%M%SZ"


def keep_pictures(
    media: MediaStore, job_id: str, pictures: Sequence[SnapshotAnswer], *, now: datetime
) -> tuple[PictureRef, ...]:
    """Store the pictures, oldest first; their names say since when. Raises `Transient`."""
    kept = []
    for number, picture in enumerate(pictures):
        path = f"{FOLDER}/{now.astimezone(UTC):{_STAMP}}-{job_id}-{number:02d}.jpg"
        media.write(path, picture.jpeg)
        kept.append(PictureRef(path=path, at=picture.captured_at))
    return tuple(kept)


def remove_old_pictures(media: MediaStore, *, now: datetime) -> int:
    """Delete what is older than `KEEP`; how many. Raises `Transient`."""
    old = [name for name in media.names(FOLDER) if _since(name) < now - KEEP]
    for name in old:
        media.delete(f"{FOLDER}/{name}")
    return len(old)


def _since(name: str) -> datetime:
    """When it was stored; long ago for what nobody here has written."""
    try:
        return datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
