"""What `argus doctor --media` looks at: stored pictures and the rows that refer to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from services.cli.check import Check, fail, ok, warn
from services.cli.folders import Folders
from services.cli.installation import answering, running_redis_url
from shared.db.engine import connect, read_sessions
from shared.domain.errors import ArgusError
from shared.media import MediaStore
from shared.retention.orphans import Orphans
from shared.retention.pictures import Pictures
from shared.retention.seen_now import presences_there
from shared.settings import Settings

_NAME = "media"
_EXAMPLES = 3


def stored_media(settings: Settings, folders: Folders, *, fix: bool) -> Check:
    """Pictures without a row and rows without their picture. Blocks for as long as there is something to look at.

    With `fix` the pictures are deleted, if they are older than pictures without an event are kept anyway.
    """
    url = running_redis_url(settings, folders)
    redis = answering(url) if url else None
    if fix and redis is None:
        # Somebody may be in view for days, and only the eye knows.
        return fail(_NAME, "nothing was deleted: it is not known who is in view now", remedy="start it: argus up")
    media = MediaStore.open(settings.effective_media_url)
    try:
        with _orphans(settings, media, redis) as orphans:
            deleted, files = _files(orphans, media, fix=fix)
            lost, rows = _some(f"{one.row} ({one.path})" for one in orphans.missing())
    except (SQLAlchemyError, RedisError, ArgusError, OSError) as error:
        return fail(_NAME, f"cannot be looked through: {type(error).__name__}", remedy="argus db upgrade, then again")
    finally:
        if redis is not None:
            redis.close()
    return _told(deleted, files, lost, rows, fix=fix)


@contextmanager
def _orphans(settings: Settings, media: MediaStore, redis: Redis | None) -> Iterator[Orphans]:
    def there(camera: str) -> frozenset[str]:
        return presences_there(redis, camera) if redis is not None else frozenset()

    engine = connect(settings.effective_database_url)
    try:
        reads = read_sessions(engine)
        safety = timedelta(hours=settings.retention.no_event_h)
        pictures = Pictures(reads, media, there=there)
        yield Orphans(reads, media, pictures=pictures, safety=safety, now=lambda: datetime.now(UTC))
    finally:
        engine.dispose()


def _files(orphans: Orphans, media: MediaStore, *, fix: bool) -> tuple[int, list[str]]:
    def found() -> Iterator[str]:
        for path in orphans.files():
            if fix:
                media.delete(path)
            yield path

    return _some(found())


def _some(found: Iterator[str]) -> tuple[int, list[str]]:
    """How many there are, and the first few."""
    first = list(islice(found, _EXAMPLES))
    return len(first) + sum(1 for _ in found), first


def _told(orphans: int, files: list[str], lost: int, rows: list[str], *, fix: bool) -> Check:
    said = []
    if orphans:
        verb = "deleted" if fix else "found"
        said.append(f"{verb} {orphans} pictures that nothing refers to, such as {', '.join(files)}")
    if lost:
        said.append(f"{lost} pictures are missing, such as that of {', '.join(rows)}")
    if not said:
        return ok(_NAME, "every stored picture has its row, and every row its picture")
    if lost:
        return warn(_NAME, "; ".join(said), remedy="bring missing pictures back from a backup")
    return ok(_NAME, said[0]) if fix else warn(_NAME, said[0], remedy="argus doctor --media --fix")
