"""Taking a delivery, and settling what became of it: the only code that changes a delivery's state.

A delivery is `queued` or `retrying` until a worker takes it (`sending`, with a lease); then it is `sent`, `retrying`
or `dead`. Everything here runs inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from services.alerts.channel import Channel, Parcel
from services.alerts.notice import Notice
from shared.db.tables import Alert, Delivery, DeliveryAttempt
from shared.domain.errors import Permanent

WAITING = ("queued", "retrying")
_MAX_DOUBTFUL = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker holds until `lease_until`."""

    parcel: Parcel
    channel: str
    recipient: str
    address: Any
    decided_at: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: `state` is sent, retrying (with `due_at`) or dead."""

    state: str
    at: datetime
    duration_ms: float
    reason: str = ""
    due_at: datetime | None = None
    receipt: Mapping[str, Any] | None = None
    hold_recipient: bool = False


def is_due(now: datetime) -> ColumnElement[bool]:
    """Waiting and due, or held by a worker whose lease has run out."""
    return or_(
        and_(Delivery.state.in_(WAITING), Delivery.due_at <= now),
        and_(Delivery.state == "sending", Delivery.lease_until < now),
    )


class Claims:
    """How long leases last, and how many deliveries one recipient may have in flight."""

    def __init__(self, channels: Mapping[str, Channel], *, lease_s: float, per_recipient: int) -> None:
        self._channels = channels
        self._lease_s = lease_s
        self._per_recipient = per_recipient

    def take(self, session: Session, delivery_id: str, *, now: datetime) -> Claim | None:
        """Hold the delivery, or None: it is done, not due, held by another, or its recipient has enough in flight."""
        row = session.scalars(
            select(Delivery).where(Delivery.id == delivery_id, is_due(now)).with_for_update()
        ).one_or_none()
        if row is None or self._in_flight(session, row, now) >= self._per_recipient:
            return None
        if row.state == "sending" and not _doubt(session, row, now):
            return None
        try:
            channel = self._channel(row.channel)
            address = channel.address(session, row.recipient, decided_at=row.created_at)
        except Permanent as error:
            _finish(row, Outcome("dead", now, 0.0, str(error)))
            return None
        row.state, row.attempts = "sending", row.attempts + 1
        row.lease_until = now + timedelta(seconds=channel.timeout_s + self._lease_s)
        notice = Notice.model_validate(session.get_one(Alert, row.alert_id).notice)
        return Claim(
            parcel=Parcel(row.id, row.attempts, notice),
            channel=row.channel,
            recipient=row.recipient,
            address=address,
            decided_at=row.created_at,
            lease_until=row.lease_until,
        )

    def settle(self, session: Session, claim: Claim, outcome: Outcome) -> bool:
        """Write down how the attempt ended; False when the claim was no longer ours."""
        row = session.scalars(
            select(Delivery)
            .where(
                Delivery.id == claim.parcel.delivery_id,
                Delivery.state == "sending",
                Delivery.attempts == claim.parcel.attempt,
            )
            .with_for_update()
        ).one_or_none()
        if row is None:
            return False
        _finish(row, outcome)
        session.add(
            DeliveryAttempt(
                delivery_id=row.id,
                number=row.attempts,
                at=outcome.at,
                outcome=outcome.state,
                reason=outcome.reason,
                duration_ms=outcome.duration_ms,
            )
        )
        if outcome.hold_recipient and outcome.due_at is not None:
            _hold(session, claim, outcome.due_at)
        return True

    def take_next(self, session: Session, claim: Claim, *, now: datetime) -> Claim | None:
        """Hold the delivery that the same recipient has waited for longest."""
        delivery_id = self.next_due(session, claim, now=now)
        return None if delivery_id is None else self.take(session, delivery_id, now=now)

    def next_due(self, session: Session, claim: Claim, *, now: datetime) -> str | None:
        """The delivery that the same recipient has waited for longest, unless another worker is looking at it."""
        return session.scalars(
            select(Delivery.id)
            .where(
                Delivery.channel == claim.channel,
                Delivery.recipient == claim.recipient,
                Delivery.state.in_(WAITING),
                Delivery.due_at <= now,
            )
            .order_by(Delivery.due_at, Delivery.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()

    def _channel(self, name: str) -> Channel:
        channel = self._channels.get(name)
        if channel is None:
            raise Permanent(f"the channel {name} is not in use")
        return channel

    def _in_flight(self, session: Session, row: Delivery, now: datetime) -> int:
        return session.execute(
            select(func.count()).where(
                Delivery.channel == row.channel,
                Delivery.recipient == row.recipient,
                Delivery.state == "sending",
                Delivery.lease_until >= now,
            )
        ).scalar_one()


def _doubt(session: Session, row: Delivery, now: datetime) -> bool:
    """The worker that held it is gone and nobody knows how far it came. False when that happened too often."""
    row.doubtful += 1
    reason = "the worker did not come back"
    session.add(DeliveryAttempt(delivery_id=row.id, number=row.attempts, at=now, outcome="doubtful", reason=reason))
    if row.doubtful < _MAX_DOUBTFUL:
        return True
    _finish(row, Outcome("dead", now, 0.0, f"{reason}, {row.doubtful} times over"))
    return False


def _finish(row: Delivery, outcome: Outcome) -> None:
    row.state, row.reason, row.lease_until = outcome.state, outcome.reason, None
    if outcome.due_at is not None:
        row.due_at = outcome.due_at
    else:
        row.settled_at = outcome.at
    if outcome.receipt is not None:
        row.receipt = dict(outcome.receipt)


def _hold(session: Session, claim: Claim, until: datetime) -> None:
    # The receiver asked for a pause: everything else that waits for it pauses as well.
    session.execute(
        update(Delivery)
        .where(
            Delivery.channel == claim.channel,
            Delivery.recipient == claim.recipient,
            Delivery.state.in_(WAITING),
            Delivery.due_at < until,
        )
        .values(due_at=until)
    )
