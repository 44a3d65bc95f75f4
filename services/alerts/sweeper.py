"""Finding deliveries that nobody is at: retries that are due, and what a dead worker or a lost queue left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import OperationalError

from services.alerts import metrics
from services.alerts.claims import is_due
from services.alerts.fanout import Enqueue
from shared.db.engine import SessionFactory
from shared.db.tables import Delivery
from shared.observability import get_logger

log = get_logger("alerts.sweeper")

_PAGE = 500
# A new delivery was handed to a worker when it was stored, and one swept up is in the queue: give both some time.
_GRACE_S = 3.0


class Sweeper:
    """Hands due deliveries to workers, a few per recipient. One sweep is one read of the database."""

    def __init__(
        self,
        reads: SessionFactory,
        *,
        enqueue: Enqueue,
        per_recipient: int,
        interval_s: float,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reads = reads
        self._enqueue = enqueue
        self._per_recipient = per_recipient
        self._interval_s = interval_s
        self._now = now
        self._monotonic = monotonic
        self._handed: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Sweep until `stop` is set. A lost database is waited out."""
        while not stop.wait(self._interval_s):
            try:
                self.sweep()
            except OperationalError as error:
                log.warning("sweep_failed", reason=str(error.orig)[:200])

    def sweep(self) -> int:
        """Hand out what is due now and was not handed out a moment ago; how many."""
        started = self._monotonic()
        self._handed = {name: at for name, at in self._handed.items() if started - at < _GRACE_S}
        fresh = [name for name in self._due() if name not in self._handed]
        for name in fresh:
            self._handed[name] = started
            self._enqueue(name)
        metrics.SWEPT.inc(len(fresh))
        return len(fresh)

    def _due(self) -> list[str]:
        now = self._now()
        place = func.row_number().over(
            partition_by=(Delivery.channel, Delivery.recipient), order_by=(Delivery.due_at, Delivery.id)
        )
        settled_in = or_(Delivery.state != "queued", Delivery.due_at <= now - timedelta(seconds=_GRACE_S))
        ranked = select(Delivery.id, Delivery.due_at, place.label("place")).where(is_due(now), settled_in).subquery()
        with self._reads() as session:
            return list(
                session.scalars(
                    select(ranked.c.id)
                    .where(ranked.c.place <= self._per_recipient)
                    .order_by(ranked.c.due_at)
                    .limit(_PAGE)
                )
            )
