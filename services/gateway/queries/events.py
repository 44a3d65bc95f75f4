"""Events as people read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from services.gateway.queries.cursor import Cursor
from services.gateway.queries.event_counts import EventCounts, EventScope, scope_conditions
from shared.db.deliveries import Delivery
from shared.db.events import Event
from shared.db.prepared import Prepared, Reader
from shared.db.unindexed import Unindexed
from shared.db.verdicts import Case, VerdictRow
from shared.domain.errors import NotFound

_EVENTS = Event.__table__.c
_DELIVERIES = Delivery.__table__.c
# By the event, not by the state; and counted, for an EXISTS may be answered from all that was ever sent at once.
_TOLD = (
    select(func.count())
    .where(_DELIVERIES.event_uuid == _EVENTS.uuid, Unindexed(_DELIVERIES.state) == "sent")
    .scalar_subquery()
)
_SHOWN = (
    *(_EVENTS[name] for name in ("id", "uuid", "camera_slug", "kind", "label", "confidence", "occurred_at")),
    _EVENTS.snapshot.is_not(None),
    _EVENTS.ai_response,
    _TOLD > 0,
    _EVENTS.incident_id,
)


_AFTER = Prepared(
    select(*_SHOWN, _EVENTS.account_id)
    .where(_EVENTS.id > bindparam("number"))
    .order_by(_EVENTS.id)
    .limit(bindparam("limit"))
)
_NEWEST = Prepared(select(func.max(_EVENTS.id)))


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which page of which events: `since` included, `until` excluded."""

    scope: EventScope
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    offset: int = 0
    cursor: Cursor | None = None


class EventRow(NamedTuple):
    """What a list shows of an event; a tuple in the order of the columns read.

    `was_told` is whether people were told of it by some channel, and by an alert of its own; others of its `incident`
    may have been told for it.
    """

    id: int
    uuid: str
    camera: str
    kind: str
    label: str
    confidence: float
    occurred_at: datetime
    has_photo: bool
    ai_response: str | None
    was_told: bool
    incident: str | None


@dataclass(frozen=True, slots=True)
class EventPage:
    rows: tuple[EventRow, ...]
    total: int
    next_cursor: str | None


def events_page(reader: Reader, wanted: EventFilter, *, counts: EventCounts) -> EventPage:
    """A page, newest first, with the number of all that the filter fits."""
    found = reader.rows(_page(_form_of(wanted), is_deep=wanted.offset > 0), _values_of(wanted))
    rows, more = tuple(map(EventRow._make, found[: wanted.limit])), len(found) > wanted.limit
    total = counts.total(reader, wanted.scope, since=wanted.since, until=wanted.until)
    last = Cursor(at=rows[-1].occurred_at, id=rows[-1].id).text() if more else None
    return EventPage(rows=rows, total=total, next_cursor=last)


def events_after(reader: Reader, number: int, *, limit: int) -> list[tuple[int | None, EventRow]]:
    """Those with a higher number, lowest first, of all accounts; each with whose it is."""
    rows = reader.rows(_AFTER, {"number": number, "limit": limit})
    return [(row[-1], EventRow._make(row[:-1])) for row in rows]


def newest_event(reader: Reader) -> int:
    """The highest number there is; 0 without any."""
    return int(reader.rows(_NEWEST, {})[0][0] or 0)


def events_of_incident(
    session: Session, incident: str, *, limit: int, cursor: Cursor | None = None
) -> tuple[Sequence[EventRow], str | None]:
    """A page of an incident's events, newest first, and the place of the next one."""
    query = select(*_SHOWN).where(_EVENTS.incident_id == incident)
    if cursor is not None:
        query = query.where(tuple_(_EVENTS.occurred_at, _EVENTS.id) < (cursor.at, cursor.number))
    found = session.execute(query.order_by(_EVENTS.occurred_at.desc(), _EVENTS.id.desc()).limit(limit + 1)).all()
    rows = [EventRow._make(row) for row in found[:limit]]
    return rows, Cursor(at=rows[-1].occurred_at, id=rows[-1].id).text() if len(found) > limit else None


def event_of(session: Session, uuid: str, *, account_id: int | None, for_update: bool = False) -> Event:
    """The event with this bare uuid; with `account_id`, only one of that account. Raises `NotFound`.

    `for_update` locks it until the transaction ends.
    """
    query = select(Event).where(Event.uuid == uuid)
    if account_id is not None:
        query = query.where(Event.account_id == account_id)
    event = session.scalar(query.with_for_update() if for_update else query)
    if event is None:
        raise NotFound("uuid", "there is no such event")
    return event


def verdict_of(session: Session, event_id: int) -> VerdictRow | None:
    """What came of the event's case before the judge; None while it is open, or where there was none."""
    return session.scalar(select(VerdictRow).where(VerdictRow.event_id == event_id))


def withheld_until(session: Session, event_id: int) -> datetime | None:
    """Until when people hear nothing of the event, unless the judge speaks; None where nobody waits for it."""
    return session.scalar(select(Case.due_at).where(Case.event_id == event_id, Case.withheld.is_not(None)))


def channels_reached(session: Session, uuids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The channels by which people were told of each event."""
    query = select(_DELIVERIES.event_uuid, _DELIVERIES.channel, _DELIVERIES.state).distinct()
    found: defaultdict[str, list[str]] = defaultdict(list)
    # The state is not asked for: a planner without statistics would walk all that were ever sent.
    for uuid, channel, state in session.execute(query.where(_DELIVERIES.event_uuid.in_(uuids))):
        if state == "sent":
            found[uuid].append(channel)
    return {uuid: tuple(sorted(channels)) for uuid, channels in found.items()}


def _form_of(wanted: EventFilter) -> tuple[str, ...]:
    bounds = {"since": wanted.since, "until": wanted.until, "cursor": wanted.cursor}
    return (*wanted.scope.values, *(name for name, value in bounds.items() if value is not None))


def _values_of(wanted: EventFilter) -> dict[str, Any]:
    values: dict[str, Any] = {**wanted.scope.values, "limit": wanted.limit + 1, "offset": wanted.offset}
    values |= {name: at for name, at in (("since", wanted.since), ("until", wanted.until)) if at is not None}
    if wanted.cursor is not None:
        values |= {"cursor_at": wanted.cursor.at, "cursor_id": wanted.cursor.number}
    return values


@cache
def _page(form: tuple[str, ...], *, is_deep: bool) -> Prepared:
    """Made once for each form of filter. Deep down, the rows that are passed over are read from an index alone."""
    bounds: dict[str, Callable[[], ColumnElement[bool]]] = {
        "since": lambda: _EVENTS.occurred_at >= bindparam("since"),
        "until": lambda: _EVENTS.occurred_at < bindparam("until"),
        "cursor": lambda: (
            tuple_(_EVENTS.occurred_at, _EVENTS.id)
            < tuple_(
                bindparam("cursor_at", type_=_EVENTS.occurred_at.type), bindparam("cursor_id", type_=_EVENTS.id.type)
            )
        ),
    }
    conditions = (
        *scope_conditions(tuple(name for name in form if name not in bounds)),
        *(make() for name, make in bounds.items() if name in form),
    )
    newest_first = (_EVENTS.occurred_at.desc(), _EVENTS.id.desc())
    rows = select(*_SHOWN).order_by(*newest_first)
    if not is_deep:
        return Prepared(rows.where(*conditions).limit(bindparam("limit")))
    ids = select(_EVENTS.id).where(*conditions).order_by(*newest_first)
    return Prepared(rows.where(_EVENTS.id.in_(ids.limit(bindparam("limit")).offset(bindparam("offset")))))
