"""Deletes events and recognitions that are too old, with what hangs on them, so that nobody else has to wait.

Each transaction takes a few rows, found without a lock, and is followed by a pause as long as it took. Files go after
the commit: a process that is killed between the two leaves files without a row, never a row without its file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Select, delete, literal, select, tuple_
from sqlalchemy.orm import Session

from shared.db.engine import SessionFactory
from shared.db.events import Event, Recognition
from shared.domain.errors import ArgusError
from shared.media import MediaStore
from shared.observability import get_logger
from shared.retention.hanging import lock_deletable, remove_events, unshown
from shared.retention.pictures import There

log = get_logger("retention")

CHUNK: Final = 100
_PAUSE_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Removed:
    """How many went. `is_all`: nothing that is due is left."""

    events: int = 0
    recognitions: int = 0
    files: int = 0
    is_all: bool = True

    def __add__(self, other: Removed) -> Removed:
        return Removed(
            self.events + other.events,
            self.recognitions + other.recognitions,
            self.files + other.files,
            self.is_all and other.is_all,
        )


@dataclass(frozen=True, slots=True)
class _Old:
    """Rows that are due, with what they are taken in order of."""

    query: Select[*tuple[Any, ...]]
    at: ColumnElement[datetime]
    id: ColumnElement[int]

    def chunk(self, after: tuple[datetime, int] | None) -> Select[*tuple[Any, ...]]:
        """Some of them, the oldest first."""
        query = self.query.order_by(self.at, self.id).limit(CHUNK)
        if after is None:
            return query
        place = tuple_(literal(after[0], self.at.type), literal(after[1], self.id.type))
        return query.where(tuple_(self.at, self.id) > place)


class OldEvents:
    """Deletes for whoever asks. Thread-safe; two at once do not disturb each other.

    Raises `sqlalchemy.exc.OperationalError`, and what `there` raises. Blocks for as long as `goes_on` says.
    """

    def __init__(
        self,
        writes: SessionFactory,
        reads: SessionFactory,
        *,
        media: MediaStore,
        there: There,
        now: Callable[[], datetime],
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._writes = writes
        self._reads = reads
        self._media = media
        self._there = there
        self._now = now
        self._wait = wait

    def remove(
        self, *, days: int, account_id: int | None = None, goes_on: Callable[[], bool] = lambda: True
    ) -> Removed:
        """What is older than `days` (0: nothing is), of one account or of all; never what is under legal hold, is
        still there, or is still needed to tell people."""
        if days == 0:
            return Removed()
        before = self._now() - timedelta(days=days)
        removed = self._each_chunk(_old_events(before, account_id), self._events, goes_on)
        return removed + self._each_chunk(_old_recognitions(before, account_id), self._recognitions, goes_on)

    def _each_chunk(
        self, old: _Old, remove: Callable[[Sequence[Any]], Removed], goes_on: Callable[[], bool]
    ) -> Removed:
        removed, after = Removed(), None
        while goes_on():
            with self._reads() as session:
                rows = session.execute(old.chunk(after)).all()
            if not rows:
                return removed
            # Onwards from the last one: what has to stay is not looked at again.
            after = (rows[-1].at, rows[-1].id)
            began = time.monotonic()
            removed += remove(rows)
            self._wait(max(_PAUSE_S, time.monotonic() - began))
        return removed + Removed(is_all=False)

    def _events(self, rows: Sequence[Any]) -> Removed:
        ids = list(self._gone(rows))
        if not ids:
            return Removed()
        with self._writes.begin() as session:
            deletable = lock_deletable(session, ids)
            recognitions, files = remove_events(session, deletable)
        with self._reads() as session:  # committed, and without a lock: whoever else shows them is asked at leisure
            files = unshown(session, files)
        return Removed(len(deletable), recognitions, self._delete(files))

    def _gone(self, rows: Sequence[Any]) -> Iterator[int]:
        """Events of presences that are over. Whoever's end was never told is asked for where he is seen."""
        seen = {camera: self._there(camera) for camera in {row.camera_slug for row in rows if row.ended_at is None}}
        for row in rows:
            if row.ended_at is not None or row.presence_id not in seen[row.camera_slug]:
                yield row.id

    def _recognitions(self, rows: Sequence[Any]) -> Removed:
        ids = [row.id for row in rows]
        with self._writes.begin() as session:
            return Removed(recognitions=_deleted(session, ids))

    def _delete(self, files: Sequence[str]) -> int:
        count = 0
        for path in files:
            try:
                self._media.delete(path)
            except ArgusError as error:  # `argus doctor --media` finds it
                log.warning("file_left_behind", path=path, reason=str(error)[:200])
                continue
            count += 1
        return count


def _old_events(before: datetime, account_id: int | None) -> _Old:
    at, number = Event.__table__.c.occurred_at, Event.__table__.c.id
    query = select(at.label("at"), number, Event.camera_slug, Event.presence_id, Event.ended_at)
    query = query.where(at < before, ~Event.legal_hold)
    return _Old(query if account_id is None else query.where(Event.account_id == account_id), at, number)


def _old_recognitions(before: datetime, account_id: int | None) -> _Old:
    """Those without an event: the others stay and go with theirs."""
    at, number = Recognition.__table__.c.at, Recognition.__table__.c.id
    query = select(at, number).where(at < before, Recognition.event_id.is_(None))
    return _Old(query if account_id is None else query.where(Recognition.account_id == account_id), at, number)


def _deleted(session: Session, ids: Sequence[int]) -> int:
    # Asked again: meanwhile it may have been given an event.
    statement = delete(Recognition).where(Recognition.id.in_(ids), Recognition.event_id.is_(None))
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
