"""One job from its claim to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.exc import OperationalError

from services.modules import findings, metrics
from services.modules.hand import HandDied
from services.modules.hands import Hands
from services.modules.telling import finding_made
from shared.db.engine import SessionFactory
from shared.db.outbox import outbox_row
from shared.messages.topics import FINDINGS
from shared.modules.book import JobBook, JobRecord
from shared.observability import get_logger

log = get_logger("modules.runner")

ATTEMPTS: Final = 2
"""A job whose process dies, or for which something is away, is tried once more."""

# Progress is told in steps: each is a write, and whoever looks asks now and then.
_PROGRESS_STEP = 0.05


class Runner:
    """Carries out jobs, each in one of the `hands`. Thread-safe.

    `resend` puts a job that was given back into its queue again. Everything raises `redis.exceptions.RedisError`
    while Redis is away; the sweeper finds what was left in hand then.
    """

    def __init__(
        self,
        book: JobBook,
        hands: Hands,
        *,
        sessions: SessionFactory,
        resend: Callable[[JobRecord], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book = book
        self._hands = hands
        self._sessions = sessions
        self._resend = resend
        self._now = now
        self._monotonic = monotonic

    def run(self, job_id: str) -> None:
        """Do the job unless it is somebody else's or has ended. Blocks until it has ended or is queued again."""
        try:
            with self._hands.lent() as hand:
                record = self._book.claim(job_id)
                if record is None:
                    return
                started = self._monotonic()
                try:
                    answer = hand.run(record.order, on_progress=self._progress_of(job_id))
                except HandDied as error:
                    self.again(record, str(error), outcome="died")
                    return
                metrics.SECONDS.labels(record.order.module).observe(self._monotonic() - started)
        except HandDied as error:
            log.error("no_hand", job=job_id, reason=str(error))
            self._without_hand(job_id, str(error))
            return
        self._end(record, answer)

    def again(self, record: JobRecord, reason: str, *, outcome: str) -> None:
        """Queue a job in hand once more, or give it up with the reason when it was tried often enough."""
        stopping = self._hands.closed
        if not stopping and record.attempts >= ATTEMPTS:
            self._fail(record, f"{reason}; tried {record.attempts} times", outcome=outcome)
        elif self._book.give_back(record.id, counts=not stopping):
            log.warning("job_queued_again", job=record.id, module=record.order.module, reason=reason)
            metrics.JOBS.labels(record.order.module, "again").inc()
            self._resend(record)

    def _without_hand(self, job_id: str, reason: str) -> None:
        record = None if self._hands.closed else self._book.claim(job_id)
        if record is not None:
            self.again(record, reason, outcome="died")

    def _end(self, record: JobRecord, answer: dict[str, Any]) -> None:
        if answer["kind"] == "failed":
            outcome = "timeout" if answer.get("timeout") else "failed"
            if answer["again"]:
                self.again(record, answer["error"], outcome=outcome)
            else:
                self._fail(record, answer["error"], outcome=outcome)
            return
        try:
            with self._sessions.begin() as session:
                findings.keep(
                    session,
                    record.order,
                    results=answer["results"],
                    recognised=answer["recognised"],
                    vectors=answer["vectors"],
                    now=self._now(),
                )
                told = finding_made(record.order, answer["results"])
                if told is not None:
                    session.add(outbox_row(FINDINGS, told, now=self._now()))
        except OperationalError as error:
            self.again(record, f"the database did not answer ({error.orig})", outcome="not_stored")
            return
        if self._book.complete(record.id, answer["results"]):
            metrics.JOBS.labels(record.order.module, "completed").inc()
            log.info("job_completed", job=record.id, module=record.order.module)

    def _fail(self, record: JobRecord, reason: str, *, outcome: str) -> None:
        try:
            with self._sessions.begin() as session:
                findings.note_failure(session, record.order, reason)
        except OperationalError as error:
            log.warning("failure_not_noted", job=record.id, reason=str(error.orig)[:200])
        if self._book.fail(record.id, reason):
            metrics.JOBS.labels(record.order.module, outcome).inc()
            log.warning("job_failed", job=record.id, module=record.order.module, reason=reason)

    def _progress_of(self, job_id: str) -> Callable[[float], None]:
        told = [0.0]

        def tell(share: float) -> None:
            if share - told[0] >= _PROGRESS_STEP:
                told[0] = share
                self._book.tell_progress(job_id, share)

        return tell
