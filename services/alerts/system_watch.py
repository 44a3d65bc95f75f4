"""Telling people when a part of Argus fails or works again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.alerts.announcing import announce, notice_of, subscribers
from services.alerts.channel import Channel
from services.alerts.hint import Enqueue, Hint
from services.alerts.part_words import in_words, label_of, turn_of
from services.alerts.parts import Look
from services.alerts.steadiness import Steadiness, Turn
from services.alerts.wording import SOURCE_LANGUAGE, wording
from shared.db.engine import SessionFactory
from shared.db.tables import Alert
from shared.observability import get_logger

log = get_logger("alerts.system_watch")

_LOOK_EVERY_S = 2.0
_REMEMBERED = timedelta(days=30)
_SEVERITY = {"down": 4, "up": 2}


class SystemWatch:
    """Looks every few seconds. What was told is known from the alerts themselves, so that replicas and restarts agree:
    each turn is told once, its id being derived from the one before.
    """

    def __init__(
        self,
        sessions: SessionFactory,
        channels: Mapping[str, Channel],
        looks: Sequence[Look],
        steadiness: Steadiness,
        *,
        enqueue: Enqueue,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._channels = channels
        self._looks = looks
        self._steadiness = steadiness
        self._enqueue = enqueue
        self._now = now
        self._monotonic = monotonic
        self._has_remembered = False

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set. A lost database is waited out: what is to be told then is told later."""
        while not stop.wait(_LOOK_EVERY_S):
            try:
                self.watch()
            except OperationalError as error:
                log.warning("status_untold", reason=str(error.orig)[:200])
            except Exception:  # loop boundary: alerts go on, whatever ails what is told beside them
                log.exception("status_failed")

    def watch(self) -> None:
        """Look once, and tell what turned."""
        if not self._has_remembered:
            self._remember()
        for look in self._looks:
            for part, ok in look().items():
                turn = self._steadiness.see(part, ok=ok, at_s=self._monotonic())
                if turn is not None:
                    self._tell(part, turn)

    def _remember(self) -> None:
        with self._sessions() as session:
            for part, turn in _told(session, since=self._now() - _REMEMBERED):
                self._steadiness.told(part, turn)
        self._has_remembered = True

    def _tell(self, part: str, turn: Turn) -> None:
        now = self._now()
        due: list[Hint] = []
        with self._sessions.begin() as session:
            last = _last(session, part, since=now - _REMEMBERED)
            if last is None or last.notice.get("label") != label_of(part, turn):
                subject = f"system/{part}/{turn}/{last.id if last is not None else 'first'}"
                notice = notice_of(
                    "system",
                    label_of(part, turn),
                    in_words(part, turn, wording(SOURCE_LANGUAGE)),
                    subject=subject,
                    now=now,
                    severity=_SEVERITY[turn],
                )
                people = subscribers(session, self._channels, "system")
                due += announce(session, notice, people, now=now)
        self._steadiness.told(part, turn)
        for delivery in due:
            self._enqueue(delivery)
        log.warning("part_turned", part=part, turn=turn, deliveries=len(due))


def _told(session: Session, *, since: datetime) -> list[tuple[str, Turn]]:
    """Every turn, the oldest first."""
    query = select(Alert.notice["label"].as_string()).where(
        Alert.decided_at >= since, Alert.notice["kind"].as_string() == "system"
    )
    labels = session.scalars(query.order_by(Alert.decided_at))
    return [found for label in labels if (found := turn_of(str(label))) is not None]


def _last(session: Session, part: str, *, since: datetime) -> Alert | None:
    label = Alert.notice["label"].as_string()
    return session.scalar(
        select(Alert)
        .where(
            Alert.decided_at >= since,
            Alert.notice["kind"].as_string() == "system",
            label.in_([label_of(part, "down"), label_of(part, "up")]),
        )
        .order_by(Alert.decided_at.desc())
        .limit(1)
    )
