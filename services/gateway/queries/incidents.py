"""Incidents as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from services.gateway.queries.cursor import Cursor
from shared.db.incidents import Incident
from shared.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents: whose last event was not before `since` and before `until`."""

    account_id: int | None = None
    rule: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class IncidentPage:
    rows: Sequence[Incident]
    total: int
    next_cursor: str | None


def incidents_page(session: Session, wanted: IncidentFilter) -> IncidentPage:
    """A page, those that went on last first, and the number of all that the filter fits."""
    conditions = _conditions(wanted)
    total = session.scalar(select(func.count()).select_from(Incident).where(*conditions))
    query = select(Incident).where(*conditions)
    if wanted.cursor is not None:
        query = query.where(tuple_(Incident.last_at, Incident.id) < (wanted.cursor.at, str(wanted.cursor.id)))
    order = (Incident.last_at.desc(), Incident.id.desc())
    found = session.scalars(query.order_by(*order).limit(wanted.limit + 1)).all()
    rows = found[: wanted.limit]
    last = Cursor(at=rows[-1].last_at, id=rows[-1].id).text() if len(found) > wanted.limit else None
    return IncidentPage(rows=rows, total=int(total or 0), next_cursor=last)


def incident_named(session: Session, number: str, *, account_id: int | None) -> Incident:
    """The incident; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(Incident).where(Incident.id == number)
    found = session.scalar(query if account_id is None else query.where(Incident.account_id == account_id))
    if found is None:
        raise NotFound("id", "there is no such incident")
    return found


def _conditions(wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.account_id is not None:
        found.append(Incident.account_id == wanted.account_id)
    if wanted.rule is not None:
        found.append(Incident.rule_slug == wanted.rule)
    if wanted.since is not None:
        found.append(Incident.last_at >= wanted.since)
    if wanted.until is not None:
        found.append(Incident.last_at < wanted.until)
    return found
