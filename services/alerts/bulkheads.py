"""Hands of their own for every channel of a worker, so that one that hangs holds up no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from services.alerts import metrics
from shared.observability import get_logger

log = get_logger("alerts.bulkheads")

Job = Callable[[], object]


class Bulkheads:
    """For each name as many threads as `hands`, and a line of at most `waiting` behind them. Thread-safe.

    What finds the line full is refused: deliveries stand in the database, and the sweeper brings them again.
    """

    def __init__(self, names: Iterable[str], *, hands: int, waiting: int) -> None:
        self._lines = {name: _Line(name, hands=hands, waiting=waiting) for name in names}

    def submit(self, name: str, job: Job) -> bool:
        """Have the job done by a thread of the name's own; False when there is no room, or no such name."""
        line = self._lines.get(name)
        taken = line is not None and line.submit(job)
        if not taken:
            metrics.REFUSED.labels(name if line else "unknown").inc()
        return taken

    def close(self, *, within_s: float) -> bool:
        """Forget what waits and let end what is being done; whether all of it ended in time. Blocks."""
        until = time.monotonic() + within_s
        for line in self._lines.values():
            line.shut()
        still_open = [future for line in self._lines.values() for future in line.open()]
        return not wait(still_open, timeout=max(0.0, until - time.monotonic())).not_done


class _Line:
    def __init__(self, name: str, *, hands: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(hands, thread_name_prefix=f"channel-{name}")
        self._room = threading.Semaphore(hands + waiting)
        self._lock = threading.Lock()
        self._open: set[Future[None]] = set()

    def submit(self, job: Job) -> bool:
        if not self._room.acquire(blocking=False):
            return False
        try:
            future = self._pool.submit(_guarded, job)
        except RuntimeError:  # it was shut meanwhile
            self._room.release()
            return False
        with self._lock:
            self._open.add(future)
        future.add_done_callback(self._done)
        return True

    def shut(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def open(self) -> list[Future[None]]:
        """What is being done."""
        with self._lock:
            return list(self._open)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._open.discard(future)
        self._room.release()


def _guarded(job: Job) -> None:
    try:
        job()
    except Exception:  # thread boundary: the reason must be seen, and the next job done
        log.exception("job_failed")
