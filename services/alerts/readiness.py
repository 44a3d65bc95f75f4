"""What must hold before a delivery is sent, beyond being due: it is still wanted, and its turn has come.

Everything here runs inside a transaction of the caller, who has locked the delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.alerts import digest_words, digests
from services.alerts.policy import Manners, after_telling, free_from
from services.alerts.reserve import manners_now, start_cooldowns
from shared.alerts.digests import Digest, open_digests
from shared.db.tables import Alert, Delivery
from shared.domain.errors import Permanent

_LOOK_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class NotYet:
    """It was postponed, or is held back now."""


@dataclass(frozen=True, slots=True)
class NotWanted:
    """It need not be made any more."""

    reason: str


Hindrance = NotYet | NotWanted

_NEVER = NotWanted("the recipient's quiet hours never end")


def hindrance(session: Session, row: Delivery, alert: Alert, *, now: datetime) -> Hindrance | None:
    """Why the delivery may not be sent now; None when it may.

    Postpones or holds back what has to wait, and puts a digest into words when it is sent for the first time.
    """
    if row.purpose == "escalation":
        return _of_escalation(session, row, alert, now=now)
    if row.purpose == "digest" and row.attempts == 0:
        return _of_digest(session, row, alert, now=now)
    if row.purpose == "amendment":
        return _of_amendment(session, row, now=now)
    return None


def amended_receipt(session: Session, row: Delivery) -> Mapping[str, Any] | None:
    """The newest receipt of what the recipient was told of the alert before; None when that was nothing."""
    if row.purpose != "amendment":
        return None
    told = _before(row).where(Delivery.state == "sent").order_by(Delivery.revision.desc(), Delivery.settled_at.desc())
    earlier: Delivery | None = session.scalars(told.limit(1)).one_or_none()
    if earlier is None:
        raise Permanent("what it amends did not arrive")
    return earlier.receipt


def _of_escalation(session: Session, row: Delivery, alert: Alert, *, now: datetime) -> Hindrance | None:
    if alert.acknowledged_at is not None:
        return NotWanted(f"acknowledged by {alert.acknowledged_by}")
    if row.attempts:
        return None
    locked, manners = manners_now(session, row.channel, row.recipient)
    if not locked:
        return NotYet()  # something else is being decided about it: soon again
    if manners is None:
        return None
    free_at = free_from(manners, now, severity=int(alert.notice.get("severity", 0)))
    if free_at is None:
        return _NEVER
    if free_at > now:
        _hold(session, row, until=free_at, now=now)
        return NotYet()
    _cool(session, row, manners, now=now)
    return None


def _hold(session: Session, row: Delivery, *, until: datetime, now: datetime) -> None:
    digest = Digest(row.channel, row.recipient, row.account_id, until)
    if digest.id in open_digests(session, [digest], now=now):
        row.state, row.digest_id = "held", digest.id
    row.due_at = until


def _of_digest(session: Session, row: Delivery, alert: Alert, *, now: datetime) -> Hindrance | None:
    locked, manners = manners_now(session, row.channel, row.recipient)
    if not locked:
        return NotYet()
    severity = digest_words.most_severe(session, alert.id)
    if severity is None:
        return NotWanted("nothing was held back")
    if manners is not None:
        # A mute or a longer night may have come since. A cooldown holds no digest back: with something urgent now and
        # then it would never be told.
        free_at = free_from(replace(manners, cooling_until=None), now, severity=severity)
        if free_at is None:
            return _NEVER
        if free_at > now:
            row.due_at = free_at
            return NotYet()
        _cool(session, row, manners, now=now)
    digests.gather(session, row, now=now)
    digest_words.write(session, alert, now=now)
    return None


def _of_amendment(session: Session, row: Delivery, *, now: datetime) -> Hindrance | None:
    """An amendment goes out after what it amends, however long that takes."""
    open_states = ("queued", "retrying", "sending")
    pending = session.scalars(_before(row).where(Delivery.state.in_(open_states))).all()
    if not pending:
        return None
    row.due_at = max(now + _LOOK_AGAIN, *(other.due_at for other in pending))
    return NotYet()


def _cool(session: Session, row: Delivery, manners: Manners, *, now: datetime) -> None:
    until = after_telling(manners, now=now)
    if until is not None:
        start_cooldowns(session, {(row.channel, row.recipient): until})


def _before(row: Delivery) -> Any:
    return select(Delivery).where(
        Delivery.alert_id == row.alert_id,
        Delivery.channel == row.channel,
        Delivery.recipient == row.recipient,
        Delivery.id != row.id,
        Delivery.revision < row.revision,
    )
