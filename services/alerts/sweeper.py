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
from services.alerts.hint import Enqueue, Hint
from shared.db.engine import SessionFactory
from shared.db.tables import Delivery
from shared.observability import get_logger

log = get_logger("alerts.sweeper")

_PAGE = 500
# Hints that wait already do as well; without this the queue of a channel whose worker is away would grow for ever.
_LONGEST_QUEUE = 1_000
# A new delivery was handed to a worker when it was stored, and one swept up is in the queue: give both some time.
_GRACE_S = 3.0


class Sweeper:
    """Hands due deliveries to workers, a few per recipient, so many per channel. One sweep is one read of the database.

    `queued` tells how many hints wait for the workers of a channel.
    """

    def __init__(
        self,
        reads: SessionFactory,
        *,
        enqueue: Enqueue,
        queued: Callable[[str], int],
        per_recipient: int,
        interval_s: float,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reads = reads
        self._enqueue = enqueue
        self._queued = queued
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
        fresh = [hint for hint in self._due() if hint.id not in self._handed]
        full = {channel for channel in {hint.channel for hint in fresh} if self._queued(channel) >= _LONGEST_QUEUE}
        handed = [hint for hint in fresh if hint.channel not in full]
        for hint in handed:
            self._handed[hint.id] = started
            self._enqueue(hint)
        metrics.SWEPT.inc(len(handed))
        return len(handed)

    def _due(self) -> list[Hint]:
        now = self._now()
        place = func.row_number().over(
            partition_by=(Delivery.channel, Delivery.recipient), order_by=(Delivery.due_at, Delivery.id)
        )
        settled_in = or_(Delivery.state != "queued", Delivery.created_at <= now - timedelta(seconds=_GRACE_S))
        columns = (Delivery.id, Delivery.channel, Delivery.recipient, Delivery.due_at, place.label("place"))
        ranked = select(*columns).where(is_due(now), settled_in).subquery()
        few = select(ranked).where(ranked.c.place <= self._per_recipient).subquery()
        # So many of each channel, so that one which is stuck cannot take every place.
        line = func.row_number().over(partition_by=few.c.channel, order_by=(few.c.due_at, few.c.id)).label("line")
        lined = select(few.c.id, few.c.channel, few.c.recipient, few.c.due_at, line).subquery()
        page = (
            select(lined.c.id, lined.c.channel, lined.c.recipient).where(lined.c.line <= _PAGE).order_by(lined.c.due_at)
        )
        with self._reads() as session:
            return [Hint(*row) for row in session.execute(page.order_by(lined.c.due_at))]
