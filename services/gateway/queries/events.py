"""Events as people read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from services.gateway.queries.cursor import Cursor
from services.gateway.queries.event_counts import EventCounts, EventScope
from shared.db.deliveries import Delivery
from shared.db.events import Event
from shared.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which page of which events: `since` included, `until` excluded."""

    scope: EventScope
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    offset: int = 0
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """What a list shows of an event."""

    id: int
    uuid: str
    camera: str
    kind: str
    label: str
    confidence: float
    occurred_at: datetime
    has_photo: bool
    ai_response: str | None
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventPage:
    rows: tuple[EventRow, ...]
    total: int
    next_cursor: str | None


def events_page(session: Session, wanted: EventFilter, *, counts: EventCounts) -> EventPage:
    """A page, newest first, with the number of all that the filter fits."""
    records = session.execute(_rows_query(wanted)).all()
    rows, more = records[: wanted.limit], len(records) > wanted.limit
    channels = channels_reached(session, [row.uuid for row in rows])
    total = counts.total(session, wanted.scope, since=wanted.since, until=wanted.until)
    last = Cursor(at=rows[-1].occurred_at, id=rows[-1].id).text() if more else None
    return EventPage(rows=tuple(_row(record, channels) for record in rows), total=total, next_cursor=last)


def event_of(session: Session, uuid: str, *, account_id: int | None) -> Event:
    """The event with this bare uuid; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(Event).where(Event.uuid == uuid)
    if account_id is not None:
        query = query.where(Event.account_id == account_id)
    event = session.scalar(query)
    if event is None:
        raise NotFound("uuid", "there is no such event")
    return event


def channels_reached(session: Session, uuids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The channels by which people were told of each event."""
    wanted = list(uuids)
    if not wanted:
        return {}
    query = (
        select(Delivery.event_uuid, Delivery.channel)
        .where(Delivery.event_uuid.in_(wanted), Delivery.state == "sent")
        .distinct()
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for uuid, channel in session.execute(query):
        found[uuid].append(channel)
    return {uuid: tuple(sorted(channels)) for uuid, channels in found.items()}


def _rows_query(wanted: EventFilter) -> Select[*tuple[Any, ...]]:
    """The page's ids come from an index alone; only the rows of the page are then read."""
    ids = select(Event.id).where(*wanted.scope.conditions())
    if wanted.since is not None:
        ids = ids.where(Event.occurred_at >= wanted.since)
    if wanted.until is not None:
        ids = ids.where(Event.occurred_at < wanted.until)
    if wanted.cursor is not None:
        after = tuple_(Event.occurred_at, Event.id)
        ids = ids.where(after < (wanted.cursor.at, wanted.cursor.number))
    ids = ids.order_by(Event.occurred_at.desc(), Event.id.desc()).limit(wanted.limit + 1).offset(wanted.offset)
    return (
        select(
            Event.id,
            Event.uuid,
            Event.camera_slug,
            Event.kind,
            Event.label,
            Event.confidence,
            Event.occurred_at,
            Event.snapshot,
            Event.ai_response,
        )
        .where(Event.id.in_(ids))
        .order_by(Event.occurred_at.desc(), Event.id.desc())
    )


def _row(record: Any, channels: dict[str, Sequence[str]] | dict[str, tuple[str, ...]]) -> EventRow:
    return EventRow(
        id=record.id,
        uuid=record.uuid,
        camera=record.camera_slug,
        kind=record.kind,
        label=record.label,
        confidence=record.confidence,
        occurred_at=record.occurred_at,
        has_photo=record.snapshot is not None,
        ai_response=record.ai_response,
        channels=tuple(channels.get(record.uuid, ())),
    )
