"""How many events there are: exact, without counting a million rows for every page.

Counting is linear in the rows, so most of it is remembered: the rows since a whole hour and up to some id are
counted once, then only the rows added since and the rows of the cut hour are counted anew.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from shared.db.events import Event

# Ids are given before the commit: the newest ones are counted each time, so that none committed late is missed.
_UNSETTLED = 500
_KEEP_S = 60.0
_SIZE = 512


@dataclass(frozen=True, slots=True)
class EventScope:
    """Which events: of an account (None: all), a camera, a label. Equal scopes share a count."""

    account_id: int | None = None
    camera: str | None = None
    label: str | None = None

    def conditions(self, columns: object = Event) -> list[ColumnElement[bool]]:
        """The scope as conditions on the columns of `Event`, or of a selection of it."""
        wanted = (
            (columns.account_id, self.account_id),  # type: ignore[attr-defined]
            (columns.camera_slug, self.camera),  # type: ignore[attr-defined]
            (columns.label, self.label),  # type: ignore[attr-defined]
        )
        return [column == value for column, value in wanted if value is not None]


@dataclass(frozen=True, slots=True)
class _Base:
    """`count` rows of a scope since an hour, with ids up to `through`."""

    count: int
    through: int
    first: int
    until: float


class EventCounts:
    """Counts events. Thread-safe; remembers for a minute at most, and not beyond a deletion of the oldest."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._bases: OrderedDict[tuple[EventScope, datetime | None], _Base] = OrderedDict()
        self._lock = threading.Lock()

    def total(
        self, session: Session, scope: EventScope, *, since: datetime | None = None, until: datetime | None = None
    ) -> int:
        """Events of the scope from `since` (included) to `until` (excluded)."""
        count = self._from(session, scope, since)
        return max(0, count - self._from(session, scope, until)) if until is not None else count

    def _from(self, session: Session, scope: EventScope, since: datetime | None) -> int:
        hour = since.replace(minute=0, second=0, microsecond=0) if since is not None else None
        base = self._base(session, scope, hour)
        count = base.count + _added(session, scope, hour, after=base.through)
        if since is None or hour is None or since == hour:
            return count
        cut = select(func.count()).select_from(Event).where(*scope.conditions())
        return count - int(session.scalar(cut.where(Event.occurred_at >= hour, Event.occurred_at < since)) or 0)

    def _base(self, session: Session, scope: EventScope, hour: datetime | None) -> _Base:
        key = (scope, hour)
        first = int(session.scalar(select(func.min(Event.id))) or 0)
        base = self._bases.get(key)
        if base is not None and base.first == first and self._monotonic() < base.until:
            return base
        through = int(session.scalar(select(func.max(Event.id))) or 0) - _UNSETTLED
        query = select(func.count()).select_from(Event).where(*scope.conditions(), Event.id <= through)
        if hour is not None:
            query = query.where(Event.occurred_at >= hour)
        count = int(session.scalar(query) or 0) if through > 0 else 0
        base = _Base(count=count, through=through, first=first, until=self._monotonic() + _KEEP_S)
        with self._lock:
            self._bases[key] = base
            self._bases.move_to_end(key)
            while len(self._bases) > _SIZE:
                self._bases.popitem(last=False)
        return base


def _added(session: Session, scope: EventScope, hour: datetime | None, *, after: int) -> int:
    # The inner LIMIT keeps the planner to the primary key: it must not walk the camera's whole index for this.
    newest = (
        select(Event.account_id, Event.camera_slug, Event.label, Event.occurred_at)
        .where(Event.id > after)
        .limit(1_000_000)
        .subquery()
    )
    query = select(func.count()).select_from(newest).where(*scope.conditions(newest.c))
    if hour is not None:
        query = query.where(newest.c.occurred_at >= hour)
    return int(session.scalar(query) or 0)
