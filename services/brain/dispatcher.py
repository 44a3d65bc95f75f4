"""From the outbox to the specialists' queues, beside the way of the alerts and never in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from celery import Celery
from pydantic import ValidationError
from sqlalchemy import delete, select

from services.brain import metrics
from services.brain.known_modules import KnownModules, Workforce
from services.brain.woken import Woken
from shared.db.engine import SessionFactory
from shared.db.tables import OutboxRow
from shared.messages.topics import MODULE_ORDERS
from shared.modules.book import JobBook, QueueFull
from shared.modules.enqueue import enqueue_once
from shared.modules.notes import Status, clear_note, note
from shared.modules.order import ModuleOrder
from shared.observability import get_logger
from shared.ownership.lease import Lease

log = get_logger("brain.dispatcher")

LEASE_TTL_S: Final = 10.0
PATIENCE: Final = timedelta(minutes=15)
"""How long an order waits for a worker or for room in the queue; what happened then is long seen by others."""

_PAGE = 200


@dataclass(frozen=True, slots=True)
class _Fate:
    """What became of an order: `done` takes it from the outbox; a `status` is written where its results would be."""

    outcome: Literal["asked", "known", "unavailable", "given_up", "waiting", "full", "unreadable"]
    done: bool = True
    status: Status | None = None
    reason: str = ""
    remedy: str = ""


class Dispatcher(Woken):
    """Hands orders over, at least once and in order. An order that nobody can take now waits in the database.

    `bound` is how many jobs may be open at once.
    """

    def __init__(
        self,
        sessions: SessionFactory,
        *,
        app: Celery,
        book: JobBook,
        modules: KnownModules,
        lease: Lease,
        bound: int,
        now: Callable[[], datetime],
        interval_s: float = 1.0,
    ) -> None:
        super().__init__(interval_s=interval_s)
        self._sessions = sessions
        self._app = app
        self._book = book
        self._modules = modules
        self._lease = lease
        self._bound = bound
        self._now = now
        self._noted: dict[int, str] = {}

    def drain(self) -> int:
        """Hand over what can be; how many orders left the outbox. One replica at a time.

        Raises `redis.exceptions.RedisError`, `sqlalchemy.exc.OperationalError`, and `Transient` when the
        broker is away.
        """
        workforce = self._modules.refresh()
        if not self._page(after=0) or not self._lease.acquire():
            return 0
        try:
            return sum(self._carry_out(page, workforce) for page in self._pages())
        finally:
            self._lease.release()

    def _pages(self) -> Iterator[Sequence[OutboxRow]]:
        last = 0
        while rows := self._page(after=last):
            yield rows
            last = rows[-1].id
            if len(rows) < _PAGE or not self._lease.acquire():
                return

    def _page(self, *, after: int) -> Sequence[OutboxRow]:
        with self._sessions() as session:
            wanted = select(OutboxRow).where(OutboxRow.topic == MODULE_ORDERS, OutboxRow.id > after)
            return session.scalars(wanted.order_by(OutboxRow.id).limit(_PAGE)).all()

    def _carry_out(self, rows: Sequence[OutboxRow], workforce: Workforce) -> int:
        """Each order is settled in a transaction of its own, once the queue has it: a crash between asks once more."""
        gone = 0
        for row in rows:
            order = _order(row)
            fate = _Fate("unreadable") if order is None else self._hand_over(order, row, workforce)
            if fate.done or self._noted.get(row.id) != fate.reason:
                self._settle(row, order, fate)
            self._remember(row, fate)
            gone += fate.done
            if fate.outcome not in ("waiting", "full"):
                metrics.LOOKS.labels(order.module if order else "", fate.outcome).inc()
        return gone

    def _remember(self, row: OutboxRow, fate: _Fate) -> None:
        """What waits is looked at every second, and noted once."""
        if fate.done:
            self._noted.pop(row.id, None)
        else:
            self._noted[row.id] = fate.reason

    def _settle(self, row: OutboxRow, order: ModuleOrder | None, fate: _Fate) -> None:
        with self._sessions.begin() as session:
            if fate.done:
                session.execute(delete(OutboxRow).where(OutboxRow.id == row.id))
            if order is None or order.event_uuid is None:
                return
            if fate.status is None:
                clear_note(session, order.event_uuid, order.module)
            else:
                note(
                    session,
                    order.event_uuid,
                    order.module,
                    status=fate.status,
                    reason=fate.reason,
                    remedy=fate.remedy,
                )

    def _hand_over(self, order: ModuleOrder, row: OutboxRow, workforce: Workforce) -> _Fate:
        info = workforce.living.get(order.module)
        fate: _Fate
        if info is not None and info.available:
            if info.labels and order.scope == "object" and order.label not in info.labels:
                return _Fate("unavailable", status="unavailable", reason=f"it does not look at a {order.label}")
            fate = self._enqueue(order.model_copy(update={"queue": info.queue}))
        elif info is not None:
            return _Fate("unavailable", status="unavailable", reason=info.reason, remedy=info.remedy)
        elif workforce.ready:
            reason, remedy = "no worker has it", "see the setting modules.enabled"
            return _Fate("unavailable", status="unavailable", reason=reason, remedy=remedy)
        else:
            fate = _Fate("waiting", False, "waiting", "no worker for specialists runs", "start Argus with `argus up`")
        if not fate.done and self._now() - row.created_at > PATIENCE:
            return _Fate("given_up", status="unavailable", reason=fate.reason, remedy=fate.remedy)
        return fate

    def _enqueue(self, order: ModuleOrder) -> _Fate:
        try:
            new = enqueue_once(self._app, self._book, order, bound=self._bound)
        except QueueFull as error:
            return _Fate("full", False, "waiting", f"the queue of the specialists is full: {error}")
        return _Fate("asked" if new else "known")


def _order(row: OutboxRow) -> ModuleOrder | None:
    try:
        return ModuleOrder.model_validate_json(row.body)
    except ValidationError as error:
        # Only another version's row can be unreadable.
        log.error("module_order_dropped", row=row.id, reason=str(error)[:200])
        return None
