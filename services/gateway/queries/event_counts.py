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

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from shared.db.events import Event

# Ids are given before the commit: the newest ones are counted each time, so that none committed late is missed.
_UNSETTLED = 500
_KEEP_S = 60.0
_SIZE = 512
_CLOSE_BY = timedelta(days=1)
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
    return [columns[_COLUMNS[name]] == bindparam(name) for name in names]


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
        base, added = self._base(session, scope, hour)
        count = base.count + added
        if since is None or since == hour:
            return count
        names = tuple(scope.values)
        cut = session.execute(_cut_statement(names), {**scope.values, "hour": hour, "since": since}).scalar_one()
        return count - int(cut)

    def _base(self, session: Session, scope: EventScope, hour: datetime | None) -> tuple[_Base, int]:
        """What is remembered, and how many rows were added since; counted anew when it is no longer right."""
        base = self._bases.get((scope, hour))
        if base is not None and self._is_fresh(base):
            first, added = self._added(session, scope, hour, after=base.through)
            if first == base.first:
                return base, added
        base = self._count(session, scope, hour)
        return base, self._added(session, scope, hour, after=base.through)[1]

    def _count(self, session: Session, scope: EventScope, hour: datetime | None) -> _Base:
        first, last = session.execute(_ENDS).one()
        base = self._derived(session, scope, hour, first=int(first or 0))
        if base is None:
            through = int(last or 0) - _UNSETTLED
            values = {**scope.values, "through": through, **({"hour": hour} if hour is not None else {})}
            statement = _settled_statement(tuple(scope.values), has_hour=hour is not None)
            count = int(session.execute(statement, values).scalar_one()) if through > 0 else 0
            base = _Base(count=count, through=through, first=int(first or 0), until=self._monotonic() + _KEEP_S)
        with self._lock:
            self._bases[(scope, hour)] = base
            self._bases.move_to_end((scope, hour))
            while len(self._bases) > _SIZE:
                self._bases.popitem(last=False)
        return base

    def _derived(self, session: Session, scope: EventScope, hour: datetime | None, *, first: int) -> _Base | None:
        """What is remembered of an hour close by, with the rows between the two; None when there is nothing."""
        if hour is None:
            return None
        with self._lock:
            known = [(other, base) for (of, other), base in self._bases.items() if of == scope and other is not None]
        usable = [(o, b) for o, b in known if abs(o - hour) <= _CLOSE_BY and b.first == first and self._is_fresh(b)]
        if not usable:
            return None
        other, base = min(usable, key=lambda each: abs(each[0] - hour))
        values = {**scope.values, "low": min(hour, other), "high": max(hour, other), "through": base.through}
        between = int(session.execute(_between_statement(tuple(scope.values)), values).scalar_one())
        return replace(base, count=base.count + (between if hour < other else -between))

    def _is_fresh(self, base: _Base) -> bool:
        return self._monotonic() < base.until

    def _added(self, session: Session, scope: EventScope, hour: datetime | None, *, after: int) -> tuple[int, int]:
        values = {**scope.values, "after": after, **({"hour": hour} if hour is not None else {})}
        statement = _added_statement(tuple(scope.values), has_hour=hour is not None)
        first, added = session.execute(statement, values).one()
        return int(first or 0), int(added)


# Statements are made once per form: building them anew would cost more than running them.

_ENDS = select(select(func.min(_EVENTS.id)).scalar_subquery(), select(func.max(_EVENTS.id)).scalar_subquery())


@cache
def _settled_statement(names: tuple[str, ...], *, has_hour: bool) -> Select[int]:
    query = select(func.count()).select_from(Event.__table__).where(*scope_conditions(names))
    query = query.where(_EVENTS.id <= bindparam("through"))
    return query.where(_EVENTS.occurred_at >= bindparam("hour")) if has_hour else query


@cache
def _between_statement(names: tuple[str, ...]) -> Select[int]:
    query = select(func.count()).select_from(Event.__table__).where(*scope_conditions(names))
    in_time = (_EVENTS.occurred_at >= bindparam("low"), _EVENTS.occurred_at < bindparam("high"))
    return query.where(*in_time, _EVENTS.id <= bindparam("through"))


@cache
def _cut_statement(names: tuple[str, ...]) -> Select[int]:
    query = select(func.count()).select_from(Event.__table__).where(*scope_conditions(names))
    return query.where(_EVENTS.occurred_at >= bindparam("hour"), _EVENTS.occurred_at < bindparam("since"))


@cache
def _added_statement(names: tuple[str, ...], *, has_hour: bool) -> Select[int, int]:
    # The inner LIMIT keeps the planner to the primary key: it must not walk the camera's whole index for this.
    newest = (
        select(_EVENTS.account_id, _EVENTS.camera_slug, _EVENTS.label, _EVENTS.occurred_at)
        .where(_EVENTS.id > bindparam("after"))
        .limit(1_000_000)
        .subquery()
    )
    count = select(func.count()).select_from(newest).where(*scope_conditions(names, newest.c))
    count = count.where(newest.c.occurred_at >= bindparam("hour")) if has_hour else count
    return select(select(func.min(_EVENTS.id)).scalar_subquery(), count.scalar_subquery())
