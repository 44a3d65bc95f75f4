"""Sees to it that no job is forgotten and no upload kept for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from services.modules.runner import Runner
from shared.domain.errors import Transient
from shared.media import MediaStore
from shared.modules.book import JobBook, JobRecord
from shared.modules.roster import Roster
from shared.modules.uploads import remove_old_uploads
from shared.observability import get_logger

log = get_logger("modules.sweeper")

_INTERVAL_S = 5.0
_UPLOADS_EVERY_S = 600.0


class Sweeper:
    """Every few seconds: jobs that a dead worker had in hand, and queued ones whose message is lost, come again."""

    def __init__(
        self,
        redis: Redis,
        *,
        book: JobBook,
        roster: Roster,
        runner: Runner,
        media: MediaStore,
        resend: Callable[[JobRecord], None],
        now: Callable[[], datetime],
        interval_s: float = _INTERVAL_S,
    ) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._book = book
        self._roster = roster
        self._runner = runner
        self._media = media
        self._resend = resend
        self._now = now
        self._interval_s = interval_s
        self._waiting: frozenset[str] = frozenset()
        self._uploads_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Sweep until `stop` is set. Blocks."""
        while not stop.wait(self._interval_s):
            try:
                self.sweep()
            except (RedisError, Transient) as error:
                log.warning("sweep_postponed", reason=str(error)[:200])

    def sweep(self) -> None:
        """One round. Raises `redis.exceptions.RedisError`, `Transient`."""
        living = {worker.run for worker in self._roster.workers()}
        queued: dict[str, JobRecord] = {}
        for job_id in self._book.open_jobs():
            orphan = self._book.take_orphan(job_id, living=living)
            if orphan is not None:
                self._runner.again(orphan, "its worker died", outcome="died")
                continue
            record = self._book.get(job_id)
            if record is None:
                self._book.forget_gone(job_id)
            elif record.status == "queued":
                queued[job_id] = record
        self._wake(queued)
        self._remove_uploads()

    def _wake(self, queued: dict[str, JobRecord]) -> None:
        """Send again what waits for the second round although nothing is in its queue."""
        empty = {queue for queue in {r.order.queue for r in queued.values()} if not self._redis.llen(queue)}
        lost = {job_id for job_id, record in queued.items() if record.order.queue in empty}
        for job_id in sorted(lost & self._waiting):
            self._resend(queued[job_id])
        self._waiting = frozenset(lost)

    def _remove_uploads(self) -> None:
        if time.monotonic() >= self._uploads_at:
            self._uploads_at = time.monotonic() + _UPLOADS_EVERY_S
            remove_old_uploads(self._media, now=self._now())
