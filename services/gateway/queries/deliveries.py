"""Deliveries as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from services.gateway.queries.cursor import Cursor
from shared.db.deliveries import Delivery
from shared.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    account_id: int | None = None
    state: str | None = None
    channel: str | None = None
    event_uuid: str | None = None
    limit: int = 50
    offset: int = 0
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    rows: Sequence[Delivery]
    total: int
    next_cursor: str | None


def deliveries_page(session: Session, wanted: DeliveryFilter) -> DeliveryPage:
    """A page, newest first, and the number of all that the filter fits."""
    conditions = _conditions(wanted)
    total = session.scalar(select(func.count()).select_from(Delivery).where(*conditions))
    query = select(Delivery).where(*conditions)
    if wanted.cursor is not None:
        after = tuple_(Delivery.created_at, Delivery.id)
        query = query.where(after < (wanted.cursor.at, str(wanted.cursor.id)))
    query = query.order_by(Delivery.created_at.desc(), Delivery.id.desc())
    found = session.scalars(query.limit(wanted.limit + 1).offset(wanted.offset)).all()
    rows = found[: wanted.limit]
    last = Cursor(at=rows[-1].created_at, id=rows[-1].id).text() if len(found) > wanted.limit else None
    return DeliveryPage(rows=rows, total=int(total or 0), next_cursor=last)


def delivery_of(session: Session, delivery_id: str, *, account_id: int | None) -> Delivery:
    """The delivery; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(Delivery).where(Delivery.id == delivery_id)
    row = session.scalar(query if account_id is None else query.where(Delivery.account_id == account_id))
    if row is None:
        raise NotFound("delivery", "there is no such delivery")
    return row


def _conditions(wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    pairs = (
        (Delivery.account_id, wanted.account_id),
        (Delivery.state, wanted.state),
        (Delivery.channel, wanted.channel),
        (Delivery.event_uuid, wanted.event_uuid),
    )
    return [column == value for column, value in pairs if value is not None]
