"""Carrying out what a recipient answers, by a button or a link: once, however often it comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.accounts.audit import Actor, record
from shared.alerts.acknowledge import acknowledge
from shared.alerts.opinion import add_opinion
from shared.db.accounts import AuditRow
from shared.db.deliveries import Alert, Delivery
from shared.db.events import Event
from shared.db.feedback import Feedback
from shared.db.recipients import RecipientRow
from shared.domain.errors import NotFound
from shared.recipients.links import Link
from shared.recipients.muting import mute
from shared.recipients.verification import is_verification_of

MUTED_FOR: Final = timedelta(hours=1)

Outcome = Literal["done", "done before", "event gone", "several events"]
"""`event gone`: the alert is acknowledged, but there is no event left to say something about; `several events`: what
was sent is a digest, whose events are answered one by one."""

_OPINIONS = {"confirm": "confirmed", "false_alarm": "false_positive"}


class RecipientGone(NotFound):
    """Nobody is there any more whom the answer would be for."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers, and about what. No `recipient`: a setting or a webhook names it, and no person is known by name.

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

    @property
    def account_id(self) -> int | None:
        """Whose recipient it is; None for one that is gone, and for one of everybody's events."""
        if self.recipient is not None:
            return self.recipient.account_id
        return None if self.delivery.recipient.isdecimal() else self.delivery.account_id


def answerer_of(session: Session, link: Link, *, who: str = "", for_update: bool = False) -> Answerer:
    """Raises `NotFound` when what the link is about is gone, and `RecipientGone` when whom it is for is.

    `for_update` locks the delivery and the recipient until the transaction ends: of two at once one is first.
    """
    delivery = session.get(Delivery, link.delivery_id, with_for_update=for_update or None)
    if delivery is None:
        raise NotFound("token", "what the link is about is no longer there")
    recipient = _recipient(session, delivery, for_update=for_update)
    if recipient is None and link.press in ("mute", "unsubscribe", "verify"):
        raise RecipientGone("token", "the recipient is no longer there")
    alert = session.get_one(Alert, delivery.alert_id)
    if link.press == "verify" and (recipient is None or not is_verification_of(recipient, alert)):
        raise NotFound("token", "the recipient has another address now")
    return Answerer(alert, delivery, recipient, who)


def carry_out(session: Session, link: Link, answerer: Answerer, *, actor: Actor, action: str, now: datetime) -> Outcome:
    """Do what the link says, in the caller's transaction, and leave a row of that `action` by that `actor`.

    The answerer is one `for_update`.
    """
    if answerer.delivery.purpose == "digest" and link.press in ("acknowledge", *_OPINIONS):
        return "several events"
    outcome = _carried_out(session, link, answerer, actor=actor, action=action, now=now)
    if outcome != "done before":
        record(session, actor, action=action, target=_target(link), now=now)
    return outcome


def _carried_out(
    session: Session, link: Link, answerer: Answerer, *, actor: Actor, action: str, now: datetime
) -> Outcome:
    if link.press in _OPINIONS:
        return _say(session, answerer, _OPINIONS[link.press], now=now)
    if link.press == "acknowledge":
        is_new = acknowledge(session, answerer.alert.id, by=answerer.name, now=now)
        return "done" if is_new else "done before"
    row = answerer.recipient
    assert row is not None  # noqa: S101 – `answerer_of` refused the others
    is_new = {
        "mute": not _still_mutes(session, link, row, actor=actor, action=action, now=now),
        "unsubscribe": row.enabled,
        "verify": row.verified_at is None,
    }[link.press]
    if not is_new:
        return "done before"
    if link.press == "mute":
        mute(session, row, until=max(now + MUTED_FOR, row.muted_until or now), now=now)
    elif link.press == "unsubscribe":
        row.enabled, row.updated_at = False, now
    else:
        row.verified_at, row.updated_at = now, now
    return "done"


def _recipient(session: Session, delivery: Delivery, *, for_update: bool) -> RecipientRow | None:
    if not delivery.recipient.isdecimal():
        return None
    row = session.get(RecipientRow, int(delivery.recipient), with_for_update=for_update or None)
    # Numbers of deleted rows may be given out again: a younger recipient is not the one that was told.
    return (
        row if row is not None and row.channel == delivery.channel and row.created_at <= delivery.created_at else None
    )


def _say(session: Session, answerer: Answerer, kind: str, *, now: datetime) -> Outcome:
    # Whoever judges an event has seen to it, whichever way.
    acknowledge(session, answerer.alert.id, by=answerer.name, now=now)
    event = session.scalar(select(Event).where(Event.uuid == answerer.alert.event_uuid).with_for_update())
    if event is None:
        return "event gone"
    said = session.scalar(
        select(Feedback.kind)
        .where(Feedback.event_id == event.id, Feedback.author == answerer.name)
        .order_by(Feedback.id.desc())
        .limit(1)
    )
    if said == kind:
        return "done before"
    add_opinion(session, event, kind, author=answerer.name, account_id=answerer.account_id, now=now)
    return "done"


def _still_mutes(session: Session, link: Link, row: RecipientRow, *, actor: Actor, action: str, now: datetime) -> bool:
    """Whether the same was pressed under the same message and has not ended: that comes again and prolongs nothing."""
    if row.muted_until is None or row.muted_until <= now:
        return False
    pressed = select(AuditRow.id).where(
        AuditRow.at > now - MUTED_FOR,
        AuditRow.action == action,
        AuditRow.target == _target(link),
        AuditRow.principal == actor.principal[:128],
    )
    return session.scalar(pressed.limit(1)) is not None


def _target(link: Link) -> str:
    return f"delivery:{link.delivery_id}"
