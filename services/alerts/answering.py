"""Carrying out what recipients answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from services.alerts import metrics
from services.alerts.answers import Answer
from services.alerts.muting import mute
from services.alerts.stored_recipients import zone_of
from services.alerts.wording import SOURCE_LANGUAGE, Wording, marked, wording
from shared.accounts.audit import Actor, record
from shared.alerts.acknowledge import acknowledge
from shared.alerts.opinion import add_opinion
from shared.db.engine import SessionFactory, as_transient
from shared.db.tables import Alert, AuditRow, Delivery, Event, RecipientRow
from shared.domain.errors import Transient
from shared.domain.recipient import PRESSES
from shared.observability import get_logger

log = get_logger("alerts.answering")

MUTED_FOR: Final = timedelta(hours=1)

_OPINIONS = {"confirm": "confirmed", "false_alarm": "false_positive"}
_UNKNOWN = marked("This alert is not known here.")
_NOT_ONE = marked("This message stands for several events: answer them one by one.")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who is answered: in which words, by which clock, and to which account the recipient belongs.

    An `account_id` of None is that of one of everybody's events.
    """

    words: Wording
    zone: tzinfo
    account_id: int | None


class AnswerDesk:
    """Takes answers of every channel; see `services.alerts.answers.Take`. Thread-safe."""

    def __init__(self, sessions: SessionFactory, *, now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._now = now

    def take(self, answer: Answer) -> str | None:
        """Carry the answer out, once; what the presser is told. Raises `Transient` while the database is away."""
        try:
            with self._sessions.begin() as session:
                said = self._carry_out(session, answer)
        except OperationalError as error:
            raise as_transient(error) from error
        except PoolTimeoutError as error:
            raise Transient("the database did not answer", retry_after_s=1.0) from error
        log.info("alert_answered", channel=answer.channel, delivery_id=answer.delivery_id, press=answer.press)
        return said

    def _carry_out(self, session: Session, answer: Answer) -> str:
        now = self._now()
        # Locked, so that the same answer that comes twice at once is carried out by one of the two.
        row = session.scalars(
            select(Delivery).where(Delivery.id == answer.delivery_id[:36]).with_for_update()
        ).one_or_none()
        if row is None or row.channel != answer.channel or not row.attempts or answer.press not in PRESSES:
            log.warning("answer_refused", channel=answer.channel, press=str(answer.press)[:20])
            return _UNKNOWN
        reader = _reader(session, row)
        if answer.press != "mute" and row.purpose == "digest":
            return reader.words.gettext(_NOT_ONE)
        if _is_repeated(session, row, answer):
            return reader.words.gettext("That was done already.")
        said = _done(session, row, answer, reader, now=now)
        actor = Actor(answer.who, account_id=reader.account_id, address=answer.channel)
        record(session, actor, action=f"alert.{answer.press}", target=f"delivery:{row.id}", now=now)
        metrics.ANSWERS.labels(answer.channel, answer.press).inc()
        return said


def _is_repeated(session: Session, row: Delivery, answer: Answer) -> bool:
    """Whether this was the presser's last answer of its kind to this delivery: channels hand over more than once."""
    kinds = tuple(_OPINIONS) if answer.press in _OPINIONS else (answer.press,)
    last = session.scalars(
        select(AuditRow.action)
        .where(
            AuditRow.at >= row.created_at,
            AuditRow.target == f"delivery:{row.id}",
            AuditRow.principal == answer.who[:128],
            AuditRow.action.in_([f"alert.{kind}" for kind in kinds]),
        )
        .order_by(AuditRow.id.desc())
        .limit(1)
    ).one_or_none()
    return last == f"alert.{answer.press}"


def _done(session: Session, row: Delivery, answer: Answer, reader: _Reader, *, now: datetime) -> str:
    gettext = reader.words.gettext
    if answer.press == "mute":
        return _mute(session, row, reader, now=now)
    if answer.press == "acknowledge":
        first = acknowledge(session, row.alert_id, by=answer.who, now=now)
        return gettext("Acknowledged.") if first else _acknowledged_before(session, row, reader)
    # Whoever judges an event has seen to it, whichever way.
    acknowledge(session, row.alert_id, by=answer.who, now=now)
    event = session.scalars(select(Event).where(Event.uuid == row.event_uuid).with_for_update()).one_or_none()
    if event is None:
        return gettext("The event is not stored any more; the alert is acknowledged.")
    add_opinion(session, event, _OPINIONS[answer.press], author=answer.who, account_id=reader.account_id, now=now)
    return gettext("Confirmed.") if answer.press == "confirm" else gettext("Noted as a false alarm.")


def _mute(session: Session, row: Delivery, reader: _Reader, *, now: datetime) -> str:
    until = now + MUTED_FOR
    if not mute(session, row.channel, row.recipient, told_since=row.created_at, until=until, now=now):
        return reader.words.gettext("This recipient cannot be muted.")
    return reader.words.gettext("Muted until %(time)s.") % {"time": reader.words.hour(until, reader.zone)}


def _acknowledged_before(session: Session, row: Delivery, reader: _Reader) -> str:
    by = session.scalar(select(Alert.acknowledged_by).where(Alert.id == row.alert_id))
    return reader.words.gettext("Acknowledged before by %(name)s.") % {"name": by}


def _reader(session: Session, row: Delivery) -> _Reader:
    found = session.get(RecipientRow, int(row.recipient)) if row.recipient.isdecimal() else None
    if found is None or found.channel != row.channel:
        return _Reader(wording(SOURCE_LANGUAGE), UTC, None if row.recipient.isdecimal() else row.account_id)
    return _Reader(wording(found.language), zone_of(found), found.account_id)
