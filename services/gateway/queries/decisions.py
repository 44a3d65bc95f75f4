"""What rules made of presences, as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from services.gateway.queries.cursor import Cursor
from shared.db.decisions import DecisionRow
from shared.db.deliveries import Delivery
from shared.db.events import RuleRow
from shared.db.incidents import IncidentTelling
from shared.rules.registry import visible_to

MOST_DELIVERIES = 500


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which presences of a camera; `told`: whether a rule fired on them."""

    camera: str
    account_id: int | None = None
    told: bool | None = None
    label: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class DecisionPage:
    rows: Sequence[DecisionRow]
    total: int
    next_cursor: str | None


def decisions_page(session: Session, wanted: DecisionFilter) -> DecisionPage:
    """A page of presences, those that began last first, and the number of all that the filter fits."""
    conditions = _conditions(wanted)
    total = session.scalar(select(func.count()).select_from(DecisionRow).where(*conditions))
    place = tuple_(DecisionRow.started_at, DecisionRow.presence_id)
    query = select(DecisionRow).where(*conditions)
    if wanted.cursor is not None:
        query = query.where(place < (wanted.cursor.at, str(wanted.cursor.id)))
    order = (DecisionRow.started_at.desc(), DecisionRow.presence_id.desc())
    found = session.scalars(query.order_by(*order).limit(wanted.limit + 1)).all()
    rows = found[: wanted.limit]
    more = len(found) > wanted.limit
    last = Cursor(at=rows[-1].started_at, id=rows[-1].presence_id).text() if more else None
    return DecisionPage(rows=rows, total=int(total or 0), next_cursor=last)


def decision_of(session: Session, presence_id: str | None, *, account_id: int | None) -> DecisionRow | None:
    """What is kept of the presence; None where it is gone by now, or another account's."""
    if presence_id is None:
        return None
    query = select(DecisionRow).where(DecisionRow.presence_id == presence_id)
    return session.scalar(query if account_id is None else query.where(DecisionRow.account_id == account_id))


def sleeping_rules(session: Session, camera: str, *, account_id: int | None) -> Sequence[RuleRow]:
    """The rules that are about the camera, or about all, and are switched off now."""
    query = select(RuleRow).where(
        RuleRow.enabled.is_(False),
        (RuleRow.camera_slug == camera) | RuleRow.camera_slug.is_(None),
        *visible_to(account_id),
    )
    return session.scalars(query.order_by(RuleRow.id).limit(MOST_DELIVERIES)).all()


def deliveries_of_event(session: Session, uuid: str, *, account_id: int | None) -> Sequence[Delivery]:
    """Whom the event was told, as that was decided; as one of an incident, by the alert of another event."""
    amended = select(IncidentTelling.alert_id).where(IncidentTelling.event_uuid == uuid)
    query = select(Delivery).where((Delivery.event_uuid == uuid) | Delivery.alert_id.in_(amended))
    if account_id is not None:
        query = query.where(Delivery.account_id == account_id)
    return session.scalars(query.order_by(Delivery.created_at, Delivery.id).limit(MOST_DELIVERIES)).all()


def _conditions(wanted: DecisionFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [DecisionRow.camera_slug == wanted.camera]
    if wanted.account_id is not None:
        found.append(DecisionRow.account_id == wanted.account_id)
    if wanted.told is not None:
        found.append(DecisionRow.is_told.is_(wanted.told))
    if wanted.label is not None:
        found.append(DecisionRow.label == wanted.label)
    if wanted.since is not None:
        found.append(DecisionRow.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(DecisionRow.started_at < wanted.until)
    return found
