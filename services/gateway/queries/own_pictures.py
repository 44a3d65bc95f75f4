"""Stored pictures that an account may see: those that its events show."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.db.events import Event
from shared.domain.errors import ArgusError, NotFound
from shared.media import MediaStore

_NAME: Final = re.compile(r"[A-Za-z0-9_./-]{1,255}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9-]{1,36}")
_KINDS: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"BM", "image/bmp"))


def is_own_picture(session: Session, path: str, *, account_id: int | None) -> bool:
    """Whether an event of the account (None: any) shows this path of the media store."""
    if _NAME.fullmatch(path) is None:
        return False
    # Pictures are named after the presence or the event: those columns have an index. So has it who has no presence,
    # and may have been told of with another event's picture.
    stem = path.rpartition("/")[2].partition(".")[0]
    if _UUID.fullmatch(stem) is None:
        return False
    query = (
        select(Event.id)
        .limit(1)
        .where(
            or_(Event.presence_id == stem, Event.uuid == stem, Event.presence_id.is_(None)),
            or_(Event.snapshot == path, Event.crop == path),
        )
    )
    return session.scalar(query if account_id is None else query.where(Event.account_id == account_id)) is not None


def own_picture(session: Session, media: MediaStore, path: str, *, account_id: int | None) -> tuple[bytes, str]:
    """The picture and its media type, by its content. Raises `NotFound`."""
    if is_own_picture(session, path, account_id=account_id):
        try:
            content = media.read(path)
        except (FileNotFoundError, ArgusError):
            content = b""
        kind = _kind(content)
        if kind is not None:
            return content, kind
    raise NotFound("image", "there is no such picture")


def _kind(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for mark, kind in _KINDS if content.startswith(mark)), None)
