"""Taking a delivery, and settling what became of it.

A delivery is `queued` or `retrying` until a worker takes it (`sending`, with a lease); then it is `sent`, `retrying`
or `dead`. What a digest holds (`held`) shares its end. Everything here runs inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select
from sqlalchemy.orm import Session

from services.alerts import claim_statements as statements
from services.alerts import metrics
from services.alerts.channel import Channel, Parcel
from services.alerts.digests import settle_held
from services.alerts.notice import Notice
from services.alerts.readiness import NotWanted, amended_receipt, hindrance
from shared.db.tables import Alert, Delivery, DeliveryAttempt
from shared.domain.errors import Permanent

_MAX_DOUBTFUL = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker holds until `lease_until`.

    `told_since` is what its age is counted from: a digest is as old as its words. `digest_id` is there for digests.
    """

    parcel: Parcel
    channel: str
    recipient: str
    address: Any
    told_since: datetime
    lease_until: datetime
    digest_id: str | None = None


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


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that somebody might take."""

    id: str
    revision: int
    notice: Notice
    decided_at: datetime


def is_due(now: datetime) -> ColumnElement[bool]:
    """Waiting and due, or held by a worker whose lease has run out."""
    return or_(
        and_(Delivery.state.in_(statements.WAITING), Delivery.due_at <= now),
        and_(Delivery.state == "sending", Delivery.lease_until < now),
    )


class Claims:
    """How long leases last, how many deliveries one recipient may have in flight, and how late is too late."""

    def __init__(
        self, channels: Mapping[str, Channel], *, lease_s: float, per_recipient: int, give_up_after_s: float
    ) -> None:
        self._channels = channels
        self._lease_s = lease_s
        self._per_recipient = per_recipient
        self._give_up_after = timedelta(seconds=give_up_after_s)

    def take(self, session: Session, delivery_id: str, *, now: datetime) -> Claim | None:
        """Hold the delivery, or None: it is done, not due, held by another, or its recipient has enough in flight."""
        row = session.scalars(
            select(Delivery).where(Delivery.id == delivery_id, is_due(now)).with_for_update()
        ).one_or_none()
        if row is None or self._in_flight(session, row, now) >= self._per_recipient:
            return None
        alert = session.get_one(Alert, row.alert_id, populate_existing=True)
        if not self._may_go(session, row, alert, now=now):
            return None
        notice = _readable(alert.notice)
        try:
            if notice is None:
                raise Permanent("what was to be told cannot be read")
            channel = self._channel(row.channel)
            address = channel.address(session, row.recipient, decided_at=row.created_at)
            amends = amended_receipt(session, row)
        except Permanent as error:
            _finish(session, row, Outcome("dead", now, 0.0, str(error)))
            return None
        row.state, row.attempts = "sending", row.attempts + 1
        row.lease_until = now + timedelta(seconds=channel.timeout_s + self._lease_s)
        return Claim(
            parcel=Parcel(row.id, row.attempts, notice, amends),
            channel=row.channel,
            recipient=row.recipient,
            address=address,
            told_since=notice.captured_at if row.purpose == "digest" else row.created_at,
            lease_until=row.lease_until,
            digest_id=alert.id if row.purpose == "digest" else None,
        )

    def _may_go(self, session: Session, row: Delivery, alert: Alert, *, now: datetime) -> bool:
        """Whether nothing stands against sending it; what never can be sent is finished here."""
        if row.state == "sending":
            if not _doubt(session, row, now):
                return False
        elif now - row.due_at > self._give_up_after:
            late_h = (now - row.due_at).total_seconds() / 3600
            _finish(session, row, Outcome("dead", now, 0.0, f"too late: due {late_h:.0f} hours ago"))
            return False
        found = hindrance(session, row, alert, now=now)
        if isinstance(found, NotWanted):
            _finish(session, row, Outcome("cancelled", now, 0.0, found.reason))
        elif found is not None and row.state == "sending":
            # Its worker died with it, and it has to wait: nobody holds it any more.
            row.state, row.lease_until = "retrying", None
        return found is None

    def settle(self, connection: Connection, claim: Claim, outcome: Outcome) -> bool:
        """Write down how the attempt ended; False when the claim was no longer ours."""
        values = {
            "claimed_id": claim.parcel.delivery_id,
            "claimed_attempt": claim.parcel.attempt,
            "new_state": outcome.state,
            "new_reason": outcome.reason,
            "new_due_at": outcome.due_at,
            "new_settled_at": outcome.at if outcome.due_at is None else None,
            "new_receipt": dict(outcome.receipt or {}),
        }
        if connection.execute(statements.SETTLE, values).rowcount != 1:
            return False
        attempt = {
            "delivery_id": claim.parcel.delivery_id,
            "number": claim.parcel.attempt,
            "at": outcome.at,
            "outcome": outcome.state,
            "reason": outcome.reason,
            "duration_ms": outcome.duration_ms,
        }
        connection.execute(statements.NOTE, attempt)
        if claim.digest_id is not None and outcome.due_at is None:
            _settle_held(connection, claim.digest_id, outcome)
        if outcome.hold_recipient and outcome.due_at is not None:
            # The receiver asked for a pause: everything else that waits for it pauses as well.
            who = {"to_channel": claim.channel, "to_recipient": claim.recipient}
            connection.execute(statements.HOLD, {**who, "until": outcome.due_at})
        return True

    def waiting(self, connection: Connection, claim: Claim, *, now: datetime, limit: int) -> list[Waiting]:
        """What the claim's recipient has waited for longest, due now; read, not held."""
        values = {"to_channel": claim.channel, "to_recipient": claim.recipient, "now": now, "most": limit}
        rows = connection.execute(statements.NEXT, {**values, "not_before": now - self._give_up_after})
        return [
            Waiting(number, revision, notice, decided_at)
            for number, revision, stored, decided_at in rows
            if (notice := _readable(stored)) is not None
        ]

    def address_of(self, connection: Connection, claim: Claim, waiting: Sequence[Waiting]) -> Any:
        """The recipient's address as it is now. Raises `Permanent` when it is gone."""
        with Session(bind=connection) as session:
            oldest = min(item.decided_at for item in waiting)
            return self._channel(claim.channel).address(session, claim.recipient, decided_at=oldest)

    def take_waiting(
        self, connection: Connection, claim: Claim, waiting: Waiting, *, address: Any, now: datetime
    ) -> Claim | None:
        """Hold a delivery in place of `claim`, which was just settled; None when another worker was quicker."""
        lease_until = now + timedelta(seconds=self._channel(claim.channel).timeout_s + self._lease_s)
        values = {"wanted_id": waiting.id, "wanted_revision": waiting.revision, "new_lease": lease_until, "now": now}
        attempt = connection.execute(statements.TAKE, values).scalar_one_or_none()
        if attempt is None:
            return None
        parcel = Parcel(waiting.id, attempt, waiting.notice)
        return Claim(parcel, claim.channel, claim.recipient, address, waiting.decided_at, lease_until)

    def _channel(self, name: str) -> Channel:
        channel = self._channels.get(name)
        if channel is None:
            raise Permanent(f"the channel {name} is not in use")
        return channel

    def _in_flight(self, session: Session, row: Delivery, now: datetime) -> int:
        if session.get_bind().dialect.name == "postgresql":
            # Workers that count at the same moment would all go ahead; SQLite has one writer anyway.
            name = f"{row.channel}/{row.recipient}"
            session.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))
        return session.execute(
            select(func.count()).where(
                Delivery.channel == row.channel,
                Delivery.recipient == row.recipient,
                Delivery.state == "sending",
                Delivery.lease_until >= now,
            )
        ).scalar_one()


def _readable(stored: Mapping[str, Any]) -> Notice | None:
    """The notice, or None when another version wrote one that this version cannot read."""
    try:
        return Notice.model_validate(stored)
    except ValidationError:
        return None


def _doubt(session: Session, row: Delivery, now: datetime) -> bool:
    """The worker that held it is gone and nobody knows how far it came. False when that happened too often."""
    row.doubtful += 1
    metrics.DOUBTFUL.labels(row.channel).inc()
    reason = "the worker did not come back"
    session.add(DeliveryAttempt(delivery_id=row.id, number=row.attempts, at=now, outcome="doubtful", reason=reason))
    if row.doubtful < _MAX_DOUBTFUL:
        return True
    _finish(session, row, Outcome("dead", now, 0.0, f"{reason}, {row.doubtful} times over"))
    return False


def _finish(session: Session, row: Delivery, outcome: Outcome) -> None:
    """It ends without being sent."""
    row.state, row.reason, row.lease_until, row.settled_at = outcome.state, outcome.reason, None, outcome.at
    if row.purpose == "digest":
        _settle_held(session.connection(), row.alert_id, outcome)


def _settle_held(connection: Connection, digest_id: str, outcome: Outcome) -> None:
    reason = f"its digest: {outcome.reason}" if outcome.reason else ""
    settle_held(connection, digest_id, outcome.state, at=outcome.at, reason=reason, sent=outcome.state == "sent")
