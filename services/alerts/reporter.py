"""Making the daily report of each account, exactly once over replicas and restarts."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.alerts.announcing import announce, notice_of, subscribers
from services.alerts.channel import Channel
from services.alerts.hint import Enqueue, Hint
from services.alerts.notice import Notice
from services.alerts.policy import Recipient
from services.alerts.report import Day, day_due, report_lines, report_text
from services.alerts.report_facts import day_facts
from services.alerts.wording import SOURCE_LANGUAGE, wording
from shared.db.engine import SessionFactory
from shared.observability import get_logger
from shared.settings.sections import AlertsSettings

log = get_logger("alerts.reporter")

_LOOK_EVERY_S = 20.0


class Reporter:
    """Looks whether a report is due. One that was missed is made up for, for some hours."""

    def __init__(
        self,
        sessions: SessionFactory,
        channels: Mapping[str, Channel],
        settings: AlertsSettings,
        *,
        data_dir: Path,
        enqueue: Enqueue,
        now: Callable[[], datetime],
        disk: Callable[[Path], tuple[int, int]] = lambda folder: shutil.disk_usage(folder)[::2],
    ) -> None:
        self._sessions = sessions
        self._channels = channels
        self._settings = settings
        self._data_dir = data_dir
        self._enqueue = enqueue
        self._now = now
        self._disk = disk
        self._made: date | None = None

    def run(self, stop: threading.Event) -> None:
        """Report until `stop` is set. A lost database is waited out."""
        while not stop.wait(_LOOK_EVERY_S):
            try:
                self.report()
            except OperationalError as error:
                log.warning("report_postponed", reason=str(error.orig)[:200])
            except Exception:  # loop boundary: alerts go on, whatever ails what is told beside them
                log.exception("report_failed")

    def report(self) -> int:
        """Make what is due now; how many people are told at once."""
        settings, now = self._settings, self._now()
        late = timedelta(hours=settings.report_late_h)
        day = day_due(now, at=settings.report_at, timezone=settings.timezone, late=late)
        if day is None or day.date == self._made:
            return 0
        due: list[Hint] = []
        with self._sessions.begin() as session:
            for account_id, readers in self._readers(session).items():
                due += announce(session, self._notice(session, day, account_id, now=now), readers, now=now)
        # Whoever subscribes later in the day is told the next one.
        self._made = day.date
        for delivery in due:
            self._enqueue(delivery)
        if due:
            log.info("daily_reports_made", day=day.date.isoformat(), deliveries=len(due))
        return len(due)

    def _readers(self, session: Session) -> dict[int | None, list[Recipient]]:
        readers: dict[int | None, list[Recipient]] = {}
        for person in subscribers(session, self._channels, "report"):
            readers.setdefault(person.account_id, []).append(person)
        return readers

    def _notice(self, session: Session, day: Day, account_id: int | None, *, now: datetime) -> Notice:
        total, free = self._space()
        facts = day_facts(session, day, account_id=account_id, disk_free=free, disk_total=total)
        subject = f"report/{'all' if account_id is None else account_id}/{day.date.isoformat()}"
        english = wording(SOURCE_LANGUAGE)
        text, lines = report_text(facts, english), report_lines(facts, english)
        notice = notice_of("report", "daily_report", text, subject=subject, now=now, severity=0)
        return notice.model_copy(
            update={"account_id": account_id, "details": lines, "count": facts.events, "facts": facts}
        )

    def _space(self) -> tuple[int, int]:
        """Bytes in all and free; nothing where the folder cannot be looked at."""
        try:
            return self._disk(self._data_dir)
        except OSError:
            return (0, 0)
