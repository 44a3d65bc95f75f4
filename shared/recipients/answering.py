"""Carrying out what a recipient answers by a link, once however often it comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.alerts.acknowledge import acknowledge
from shared.alerts.opinion import add_opinion
from shared.db.deliveries import Alert, Delivery
from shared.db.events import Event
from shared.db.feedback import Feedback
from shared.db.recipients import RecipientRow
from shared.domain.errors import NotFound
from shared.recipients.links import Link
from shared.recipients.verification import is_verification_of

MUTE_FOR: Final = timedelta(hours=1)

_FEEDBACK = {"confirm": "confirmed", "false_alarm": "false_positive"}


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers, and about what. No `recipient`: it is told through a webhook, and is no person known by name.

    `who` is there where the channel says which person it is.
    """

    alert: Alert
    delivery: Delivery
    recipient: RecipientRow | None
    who: str = ""

    @property
    def name(self) -> str:
        """How people know who it is."""
        return self.who or (
            self.recipient.name if self.recipient is not None else f"{self.delivery.channel} {self.delivery.recipient}"
        )


def answerer_of(session: Session, link: Link, *, for_update: bool = False) -> Answerer:
    """Raises `NotFound` when what the link is about is gone.

    `for_update` locks the delivery and the recipient until the transaction ends: of two at once one is first.
    """
    delivery = session.get(Delivery, link.delivery_id, with_for_update=for_update or None)
    if delivery is None:
        raise NotFound("token", "what the link is about is no longer there")
    recipient = _recipient(session, delivery, for_update=for_update)
    if recipient is None and link.press in ("mute", "unsubscribe", "verify"):
        raise NotFound("token", "the recipient is no longer there")
    alert = session.get_one(Alert, delivery.alert_id)
    if link.press == "verify" and (recipient is None or not is_verification_of(recipient, alert)):
        raise NotFound("token", "the recipient has another address now")
    return Answerer(alert, delivery, recipient)


def carry_out(session: Session, link: Link, answerer: Answerer, *, now: datetime) -> bool:
    """Do what the link says, in the caller's transaction; False when that was done before.

    Raises `NotFound` when the event is no longer there to say something about.
    """
    if link.press == "acknowledge":
        return acknowledge(session, answerer.alert.id, by=answerer.name, now=now)
    if link.press in _FEEDBACK:
        # Whoever judges an event has seen to it, whichever way.
        acknowledge(session, answerer.alert.id, by=answerer.name, now=now)
        return _say(session, answerer, _FEEDBACK[link.press], now=now)
    row = answerer.recipient
    assert row is not None  # noqa: S101 – whom nobody knows was refused above
    is_new = {
        "mute": row.muted_until is None or row.muted_until <= now,
        "unsubscribe": row.enabled,
        "verify": row.verified_at is None,
    }[link.press]
    if not is_new:
        return False
    if link.press == "mute":
        row.muted_until = now + MUTE_FOR
    elif link.press == "unsubscribe":
        row.enabled = False
    else:
        row.verified_at = now
    row.updated_at = now
    return True


def _recipient(session: Session, delivery: Delivery, *, for_update: bool) -> RecipientRow | None:
    if not delivery.recipient.isdecimal():
        return None
    row = session.get(RecipientRow, int(delivery.recipient), with_for_update=for_update or None)
    # Numbers of deleted rows may be given out again: a younger recipient is not the one that was told.
    return (
        row if row is not None and row.channel == delivery.channel and row.created_at <= delivery.created_at else None
    )


def _say(session: Session, answerer: Answerer, kind: str, *, now: datetime) -> bool:
    query = select(Event).where(Event.uuid == answerer.alert.event_uuid).with_for_update()
    event = session.scalar(query)
    if event is None:
        raise NotFound("token", "the event is no longer there")
    said = session.scalar(
        select(Feedback.kind)
        .where(Feedback.event_id == event.id, Feedback.author == answerer.name)
        .order_by(Feedback.id.desc())
        .limit(1)
    )
    if said == kind:
        return False
    account = answerer.recipient.account_id if answerer.recipient is not None else None
    add_opinion(session, event, kind, author=answerer.name, account_id=account, now=now)
    return True
