"""Alerts as people read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select, tuple_
from sqlalchemy.orm import Session

from services.gateway.queries.cursor import Cursor
from shared.db.deliveries import Alert, Delivery, DeliveryAttempt
from shared.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """`state`: at least one of its deliveries is in that state."""

    account_id: int | None = None
    camera: str | None = None
    acknowledged: bool | None = None
    state: str | None = None
    limit: int = 50
    offset: int = 0
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class AlertPage:
    rows: Sequence[Alert]
    total: int
    next_cursor: str | None


def alerts_page(session: Session, wanted: AlertFilter) -> AlertPage:
    """A page, newest first, and the number of all that the filter fits."""
    conditions = _conditions(wanted)
    total = session.scalar(select(func.count()).select_from(Alert).where(*conditions))
    query = select(Alert).where(*conditions)
    if wanted.cursor is not None:
        query = query.where(tuple_(Alert.decided_at, Alert.id) < (wanted.cursor.at, str(wanted.cursor.id)))
    query = query.order_by(Alert.decided_at.desc(), Alert.id.desc())
    found = session.scalars(query.limit(wanted.limit + 1).offset(wanted.offset)).all()
    rows = found[: wanted.limit]
    last = Cursor(at=rows[-1].decided_at, id=rows[-1].id).text() if len(found) > wanted.limit else None
    return AlertPage(rows=rows, total=int(total or 0), next_cursor=last)


def alert_of(session: Session, alert_id: str, *, account_id: int | None) -> Alert:
    """The alert; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(Alert).where(Alert.id == alert_id)
    row = session.scalar(query if account_id is None else query.where(Alert.account_id == account_id))
    if row is None:
        raise NotFound("alert", "there is no such alert")
    return row


def deliveries_of(session: Session, alert_id: str, *, account_id: int | None) -> Sequence[Delivery]:
    """Whom the alert is told, the first 500 as that was decided; with `account_id`, only that account's."""
    query = select(Delivery).where(Delivery.alert_id == alert_id)
    if account_id is not None:
        query = query.where(Delivery.account_id == account_id)
    return session.scalars(query.order_by(Delivery.created_at, Delivery.id).limit(500)).all()


def attempts_of(session: Session, delivery_ids: Iterable[str]) -> Mapping[str, Sequence[DeliveryAttempt]]:
    """Every try of each delivery, the first one first."""
    query = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(list(delivery_ids)))
    found: defaultdict[str, list[DeliveryAttempt]] = defaultdict(list)
    for row in session.scalars(query.order_by(DeliveryAttempt.id)):
        found[row.delivery_id].append(row)
    return found


def _conditions(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.account_id is not None:
        found.append(Alert.account_id == wanted.account_id)
    if wanted.camera is not None:
        found.append(Alert.notice["camera"].as_string() == wanted.camera)
    if wanted.acknowledged is not None:
        found.append(Alert.acknowledged_at.is_not(None) if wanted.acknowledged else Alert.acknowledged_at.is_(None))
    if wanted.state is not None:
        found.append(exists().where(Delivery.alert_id == Alert.id, Delivery.state == wanted.state))
    return found
