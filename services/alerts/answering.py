"""Carrying out what recipients answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from services.alerts import metrics
from services.alerts.answers import Answer
from services.alerts.stored_recipients import zone_of
from services.alerts.wording import SOURCE_LANGUAGE, Wording, marked, wording
from shared.accounts.audit import Actor
from shared.db.engine import SessionFactory, as_transient
from shared.db.tables import Alert, Delivery
from shared.domain.errors import Transient
from shared.domain.recipient import PRESSES, Press
from shared.observability import get_logger
from shared.recipients.answering import Answerer, Outcome, RecipientGone, answerer_of, carry_out
from shared.recipients.links import Link

log = get_logger("alerts.answering")

_UNKNOWN = marked("This alert is not known here.")
_NOBODY = marked("This recipient cannot be muted.")
_NOT_ONE = marked("This message stands for several events: answer them one by one.")
_DONE: Final[Mapping[Press, str]] = {
    "acknowledge": marked("Acknowledged."),
    "confirm": marked("Confirmed."),
    "false_alarm": marked("Noted as a false alarm."),
}


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
        link = Link(answer.press, answer.delivery_id[:36])
        if not _was_told(session, answer):
            log.warning("answer_refused", channel=answer.channel, press=str(answer.press)[:20])
            return _UNKNOWN
        try:
            answerer = answerer_of(session, link, who=answer.who, for_update=True)
        except RecipientGone:
            return _NOBODY
        actor = Actor(answer.who, account_id=answerer.account_id, address=answer.channel)
        outcome = carry_out(session, link, answerer, actor=actor, action=f"alert.{answer.press}", now=self._now())
        if outcome in ("done", "event gone"):
            metrics.ANSWERS.labels(answer.channel, answer.press).inc()
        return _said(session, answer, answerer, outcome)


def _was_told(session: Session, answer: Answer) -> bool:
    """Whether it answers to something that this channel has sent. The row stays locked: of two at once one is first."""
    row = session.get(Delivery, answer.delivery_id[:36], with_for_update=True)
    return row is not None and row.channel == answer.channel and row.attempts > 0 and answer.press in PRESSES


def _said(session: Session, answer: Answer, answerer: Answerer, outcome: Outcome) -> str:
    """What the presser is told, in the recipient's words and by its clock."""
    row = answerer.recipient
    words = wording(row.language if row is not None else SOURCE_LANGUAGE)
    if outcome == "several events":
        return words.gettext(_NOT_ONE)
    if outcome == "event gone":
        return words.gettext("The event is not stored any more; the alert is acknowledged.")
    if outcome == "done before":
        return _done_before(session, answer, answerer, words)
    if row is not None and row.muted_until is not None and answer.press == "mute":
        return words.gettext("Muted until %(time)s.") % {"time": words.hour(row.muted_until, zone_of(row))}
    return words.gettext(_DONE[answer.press])


def _done_before(session: Session, answer: Answer, answerer: Answerer, words: Wording) -> str:
    if answer.press == "acknowledge":
        by = session.scalar(select(Alert.acknowledged_by).where(Alert.id == answerer.alert.id))
        if by != answerer.name:
            return words.gettext("Acknowledged before by %(name)s.") % {"name": by}
    return words.gettext("That was done already.")
