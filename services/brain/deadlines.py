"""No alert waits for the judge beyond its deadline, whatever else is down: this needs the database alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import OperationalError

from services.brain import cases, metrics
from shared.db.engine import SessionFactory
from shared.observability import get_logger

log = get_logger("brain.deadlines")


class Deadlines:
    """Has people told `unverified` as soon as a deadline passes. Replicas may do so at the same time.

    `wake` it after every commit; it looks by itself every `interval_s`. `committed` is called when something was told.
    """

    def __init__(
        self,
        sessions: SessionFactory,
        reads: SessionFactory,
        *,
        now: Callable[[], datetime],
        committed: Callable[[], None],
        interval_s: float = 1.0,
    ) -> None:
        self._sessions = sessions
        self._reads = reads
        self._now = now
        self._committed = committed
        self._interval_s = interval_s
        self._wake = threading.Event()

    def wake(self) -> None:
        """Something was committed."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set (call `wake` then, to be quick). A lost database is waited out."""
        while not stop.is_set():
            try:
                self.keep()
                self._wake.wait(self._left_s())
            except OperationalError as error:
                log.warning("deadlines_wait", reason=str(error.orig)[:200])
                stop.wait(self._interval_s)
            self._wake.clear()

    def keep(self) -> int:
        """Tell what is due; how many events. Raises `sqlalchemy.exc.OperationalError`."""
        with self._reads() as session:
            due = cases.due(session, now=self._now())
        if not due:
            return 0
        with self._sessions.begin() as session:
            released = sum(cases.release(session, event_id, now=self._now()) for event_id in due)
        if released:
            metrics.PASSED_DEADLINES.inc(released)
            log.warning("told_without_verdict", events=released)
            self._committed()
        return released

    def _left_s(self) -> float:
        with self._reads() as session:
            due = cases.next_due(session)
        if due is None:
            return self._interval_s
        return min(self._interval_s, max(0.0, (due - self._now()).total_seconds()))
