"""Pictures in the media store, day by day, and which of them nobody needs any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.db.engine import SessionFactory
from shared.db.events import Event
from shared.db.people import FaceSample
from shared.media import MediaStore
from shared.retention.leftovers import Kept, LeftPicture, not_needed

FOLDERS: Final = ("crops", "snapshots")
CHUNK: Final = 200

There = Callable[[str], Collection[str]]
"""The presences that the eye sees now on a camera, however long ago they began."""


class Pictures:
    """What lies below `FOLDERS`. No more than the names of one day are held at a time. Thread-safe.

    Raises `sqlalchemy.exc.OperationalError`, `Transient`, and what `there` raises.
    """

    def __init__(self, reads: SessionFactory, media: MediaStore, *, there: There) -> None:
        self._reads = reads
        self._media = media
        self._there = there

    def cameras(self, folder: str) -> list[str]:
        return self._media.names(folder)

    def days(self, folder: str) -> Iterator[tuple[date, str]]:
        """The days of a camera's folder, each with its path."""
        for year in self._media.names(folder):
            for month in self._media.names(f"{folder}/{year}"):
                for name in self._media.names(f"{folder}/{year}/{month}"):
                    try:
                        yield date(int(year), int(month), int(name)), f"{folder}/{year}/{month}/{name}"
                    except ValueError:  # nobody here has made it
                        continue

    def chunks(self, day: str) -> Iterator[list[LeftPicture]]:
        """The pictures of a day, some at a time."""
        names = self._media.names(day)
        for start in range(0, len(names), CHUNK):
            yield [LeftPicture.named(day, name) for name in names[start : start + CHUNK]]

    def not_needed(self, pictures: Sequence[LeftPicture], *, camera: str, crops_too: bool) -> list[LeftPicture]:
        """Those without an event, and with `crops_too` those that only add to an event's two pictures."""
        with self._reads() as session:
            kept = kept_of(session, pictures)
        return list(not_needed(pictures, kept, there=self._there(camera), crops_too=crops_too))


def kept_of(session: Session, pictures: Sequence[LeftPicture]) -> Kept:
    """What the database says of these pictures.

    One is named after the presence or the event that it was made for. An event that was told of with the picture of
    another one has no presence: an index finds those, too.
    """
    paths = [one.path for one in pictures]
    shown = {picture.of for picture in pictures if picture.of is not None}
    columns = (Event.uuid, Event.presence_id, Event.snapshot, Event.crop, Event.legal_hold)
    rows = session.execute(select(*columns).where(or_(Event.presence_id.in_(shown), Event.uuid.in_(shown)))).all()
    lent = session.scalars(select(Event.snapshot).where(Event.presence_id.is_(None), Event.snapshot.in_(paths)))
    faces = session.scalars(select(FaceSample.crop).where(FaceSample.crop.in_(paths)))
    return Kept(
        ids=frozenset(one for row in rows for one in (row.uuid, row.presence_id) if one is not None),
        paths=frozenset([*(path for row in rows for path in (row.snapshot, row.crop) if path), *lent, *faces]),
        held=frozenset(one for row in rows if row.legal_hold for one in (row.uuid, row.presence_id) if one is not None),
    )
