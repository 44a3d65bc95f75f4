"""Files of the media store without a row, and rows without their file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from shared.db.engine import SessionFactory
from shared.db.events import Event
from shared.db.people import FaceSample
from shared.domain.errors import Permanent
from shared.media import MediaStore
from shared.people.faces import FOLDER as FACES
from shared.retention.leftovers import days_due
from shared.retention.pictures import CHUNK, FOLDERS, Pictures


@dataclass(frozen=True, slots=True)
class Missing:
    """A row and the file that it names in vain."""

    row: str
    path: str


class Orphans:
    """Looks through everything. However much there is, no more is held than the names of one folder.

    What is younger than `safety` may be about to get its row and is left out; pictures of events are as old as the
    day in their path. Blocks; raises `sqlalchemy.exc.OperationalError`, `Transient`, and what `pictures` raises.
    """

    def __init__(
        self,
        reads: SessionFactory,
        media: MediaStore,
        *,
        pictures: Pictures,
        safety: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._reads = reads
        self._media = media
        self._pictures = pictures
        self._safety = safety
        self._now = now

    def files(self) -> Iterator[str]:
        """Pictures of events that no row refers to, and faces of people who are not known any more."""
        for folder in FOLDERS:
            for camera in self._pictures.cameras(folder):
                yield from self._of_camera(f"{folder}/{camera}", camera)
        for account in self._media.names(FACES):
            yield from self._faces(f"{FACES}/{account}")

    def missing(self) -> Iterator[Missing]:
        """Events and faces whose picture is not there."""
        for table, column in ((Event, Event.snapshot), (Event, Event.crop), (FaceSample, FaceSample.crop)):
            for number, path in self._paths(table, column):
                if not self._is_there(path):
                    yield Missing(f"{table.__tablename__} {number}", path)

    def _of_camera(self, folder: str, camera: str) -> Iterator[str]:
        days = dict(self._pictures.days(folder))
        for day in days_due(days, now=self._now(), keep=self._safety):
            for pictures in self._pictures.chunks(days[day]):
                for picture in self._pictures.not_needed(pictures, camera=camera, crops_too=False):
                    yield picture.path

    def _faces(self, folder: str) -> Iterator[str]:
        names = self._media.names(folder)
        for start in range(0, len(names), CHUNK):
            paths = [f"{folder}/{name}" for name in names[start : start + CHUNK] if name.endswith(".jpg")]
            yield from (path for path in self._without_row(paths) if self._is_old(path))

    def _is_old(self, path: str) -> bool:
        try:
            return self._media.written_at(path) + self._safety <= self._now()
        except FileNotFoundError:  # it has gone meanwhile
            return False

    def _without_row(self, paths: Sequence[str]) -> list[str]:
        with self._reads() as session:
            known = set(session.scalars(select(FaceSample.crop).where(FaceSample.crop.in_(paths))))
        return [path for path in paths if path not in known]

    def _paths(self, table: type[Event | FaceSample], column: InstrumentedAttribute[Any]) -> Iterator[tuple[int, str]]:
        after = 0
        while True:
            query = select(table.id, column).where(table.id > after, column.is_not(None)).order_by(table.id)
            with self._reads() as session:
                rows = session.execute(query.limit(CHUNK)).all()
            if not rows:
                return
            yield from ((int(number), str(path)) for number, path in rows)
            after = rows[-1][0]

    def _is_there(self, path: str) -> bool:
        try:
            return self._media.exists(path)
        except Permanent:  # a path that can be none
            return False
