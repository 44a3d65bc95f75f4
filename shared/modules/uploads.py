"""Pictures that came with a job: kept in the media store as long as its record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from shared.media import MediaStore
from shared.modules.book import KEEP_S

FOLDER: Final = "jobs"

_STAMP = "%Y%m%dT%H%M%SZ"


def upload_path(job_id: str, now: datetime) -> str:
    """Where the picture of a job is kept; the name says since when."""
    return f"{FOLDER}/{now.astimezone(UTC):{_STAMP}}-{job_id}"


def remove_old_uploads(media: MediaStore, *, now: datetime) -> int:
    """Delete pictures whose job's record has expired; how many. Raises `Transient`."""
    before = now - timedelta(seconds=KEEP_S)
    old = [name for name in media.names(FOLDER) if _since(name) < before]
    for name in old:
        media.delete(f"{FOLDER}/{name}")
    return len(old)


def _since(name: str) -> datetime:
    """When it was stored; long ago for what nobody here has written."""
    try:
        return datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
