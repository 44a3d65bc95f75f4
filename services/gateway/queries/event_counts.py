"""How many events there are: exact, without counting a million rows for every page.

Counting is linear in the rows, so most of it is remembered: the rows since a whole hour and up to some id are
counted once, then only the rows added since and the rows of the cut hour are counted anew.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal, select

from shared.db.events import Event
from shared.db.prepared import Prepared, Reader
from shared.db.unindexed import Unindexed

# Ids are given before the commit: the newest ones are counted each time, so that none committed late is missed.
_UNSETTLED = 100
_KEEP_S = 60.0
_SCOPES = 512
_HOURS = 1000
_HOUR = timedelta(hours=1)
_CLOSE_BY_HOURS = 24
_EVENTS = Event.__table__.c
_COLUMNS = {"account_id": "account_id", "camera": "camera_slug", "label": "label"}


@dataclass(frozen=True, slots=True)
class EventScope:
    """Which events: of an account (None: all), a camera, a label. Equal scopes share a count."""

    account_id: int | None = None
    camera: str | None = None
    label: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What is asked for, by name: the parameters of statements made with `scope_conditions`."""
        return {name: value for name in _COLUMNS if (value := getattr(self, name)) is not None}


def scope_conditions(names: tuple[str, ...], columns: Any = _EVENTS) -> list[ColumnElement[bool]]:
    """The conditions of a scope that asks for `names`, with parameters of these names."""
    ways = {name: columns[column] for name, column in _COLUMNS.items()}
    if "camera" in names:
        # A camera's index leads to fewer rows than its account's.
        ways["account_id"] = Unindexed(ways["account_id"])
    return [ways[name] == bindparam(name) for name in names]


@dataclass(frozen=True, slots=True)
class _Base:
    """`count` rows of a scope since an hour, with ids up to `through`; `first` is the oldest id of all."""

    count: int
    through: int
    first: int
    until: float


class EventCounts:
    """Counts events. Thread-safe; remembers for a minute at most, and not beyond a deletion of the oldest."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._bases: OrderedDict[EventScope, dict[datetime | None, _Base]] = OrderedDict()
        self._lock = threading.Lock()

    def total(
        self, reader: Reader, scope: EventScope, *, since: datetime | None = None, until: datetime | None = None
    ) -> int:
        """Events of the scope from `since` (included) to `until` (excluded)."""
        count = self._from(reader, scope, since)
        return max(0, count - self._from(reader, scope, until)) if until is not None else count

    def _from(self, reader: Reader, scope: EventScope, since: datetime | None) -> int:
        hour = since.replace(minute=0, second=0, microsecond=0) if since is not None else None
        base = self._remembered(scope, hour)
        if base is not None:
            first, newer = self._newer(reader, scope, hour, since, base)
            if first == base.first:
                return base.count + newer
        base = self._derived(reader, scope, hour) or self._counted(reader, scope, hour)
        self._remember(scope, hour, base)
        return base.count + self._newer(reader, scope, hour, since, base)[1]

    def _newer(
        self, reader: Reader, scope: EventScope, hour: datetime | None, since: datetime | None, base: _Base
    ) -> tuple[int, int]:
        """The oldest id of all, and what to add to a base: the rows added since, less those of the cut hour."""
        is_cut = since is not None and since != hour
        bounds = {"since": since, "hour": hour if is_cut else None}
        values = {"after": base.through, **{name: at for name, at in bounds.items() if at is not None}}
        statement = _newer_statement(tuple(scope.values), has_since=since is not None, is_cut=is_cut)
        first, added, cut = reader.rows(statement, {**scope.values, **values})[0]
        return int(first or 0), int(added) - int(cut)

    def _remembered(self, scope: EventScope, hour: datetime | None) -> _Base | None:
        with self._lock:
            base = self._bases.get(scope, {}).get(hour)
        return base if base is not None and self._is_fresh(base) else None

    def _remember(self, scope: EventScope, hour: datetime | None, base: _Base) -> None:
        with self._lock:
            hours = self._bases.pop(scope, {})
            self._bases[scope] = {} if len(hours) >= _HOURS else hours
            self._bases[scope][hour] = base
            while len(self._bases) > _SCOPES:
                self._bases.popitem(last=False)

    def _counted(self, reader: Reader, scope: EventScope, hour: datetime | None) -> _Base:
        first, last = reader.rows(_ENDS, {})[0]
        through = int(last or 0) - _UNSETTLED
        values = {**scope.values, "through": through, **({"hour": hour} if hour is not None else {})}
        statement = _settled_statement(tuple(scope.values), has_hour=hour is not None)
        count = int(reader.rows(statement, values)[0][0]) if through > 0 else 0
        return _Base(count=count, through=through, first=int(first or 0), until=self._monotonic() + _KEEP_S)

    def _derived(self, reader: Reader, scope: EventScope, hour: datetime | None) -> _Base | None:
        """What is remembered of an hour close by, with the rows between the two; None when there is nothing."""
        close = self._close_by(scope, hour) if hour is not None else None
        if hour is None or close is None:
            return None
        other, base = close
        values = {**scope.values, "low": min(hour, other), "high": max(hour, other), "through": base.through}
        first, between = reader.rows(_between_statement(tuple(scope.values)), values)[0]
        if first != base.first:
            return None
        return replace(base, count=base.count + (between if hour < other else -between))

    def _close_by(self, scope: EventScope, hour: datetime) -> tuple[datetime, _Base] | None:
        steps = (hour + direction * distance * _HOUR for distance in range(1, _CLOSE_BY_HOURS) for direction in (1, -1))
        with self._lock:
            hours = self._bases.get(scope, {})
            found = ((step, hours[step]) for step in steps if step in hours)
            return next(((step, base) for step, base in found if self._is_fresh(base)), None)

    def _is_fresh(self, base: _Base) -> bool:
        return self._monotonic() < base.until


# Statements are made once per form: building them anew would cost more than running them.

_FIRST = select(func.min(_EVENTS.id)).scalar_subquery()
_ENDS = Prepared(select(_FIRST, select(func.max(_EVENTS.id)).scalar_subquery()))


@cache
def _settled_statement(names: tuple[str, ...], *, has_hour: bool) -> Prepared:
    query = select(func.count()).select_from(Event.__table__).where(*scope_conditions(names))
    query = query.where(_EVENTS.id <= bindparam("through"))
    return Prepared(query.where(_EVENTS.occurred_at >= bindparam("hour")) if has_hour else query)


@cache
def _between_statement(names: tuple[str, ...]) -> Prepared:
    query = select(func.count()).select_from(Event.__table__).where(*scope_conditions(names))
    in_time = (_EVENTS.occurred_at >= bindparam("low"), _EVENTS.occurred_at < bindparam("high"))
    between = query.where(*in_time, _EVENTS.id <= bindparam("through"))
    return Prepared(select(_FIRST, between.scalar_subquery()))


@cache
def _newer_statement(names: tuple[str, ...], *, has_since: bool, is_cut: bool) -> Prepared:
    """The oldest id; the rows after the base, from `since`; the rows up to the base, from `hour` to `since`."""
    # The inner LIMIT keeps the planner to the primary key: it must not walk the camera's whole index for this.
    newest = (
        select(_EVENTS.account_id, _EVENTS.camera_slug, _EVENTS.label, _EVENTS.occurred_at)
        .where(_EVENTS.id > bindparam("after"))
        .limit(1_000_000)
        .subquery()
    )
    added = select(func.count()).select_from(newest).where(*scope_conditions(names, newest.c))
    added = added.where(newest.c.occurred_at >= bindparam("since")) if has_since else added
    cut = select(func.count()).select_from(Event.__table__).where(*scope_conditions(names))
    in_time = (_EVENTS.occurred_at >= bindparam("hour"), _EVENTS.occurred_at < bindparam("since"))
    cut = cut.where(*in_time, _EVENTS.id <= bindparam("after"))
    return Prepared(select(_FIRST, added.scalar_subquery(), cut.scalar_subquery() if is_cut else literal(0)))
