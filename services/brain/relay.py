"""From the outbox to the streams: in id order, at least once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import delete, func, select
from sqlalchemy.exc import OperationalError

from services.brain import metrics
from shared.db.engine import SessionFactory
from shared.db.outbox import message_of
from shared.db.tables import OutboxRow
from shared.domain.errors import InvalidMessage
from shared.messages.topics import MODULE_ORDERS, TOPICS, Topic
from shared.observability import get_logger
from shared.ownership.lease import Lease
from shared.streams import Publisher

log = get_logger("brain.relay")

LEASE_TTL_S = 5.0
_PAGE = 200
_LEASE_WAIT_S = 0.02
_BACKOFF_CAP_S = 5.0
# What is ordered of specialists has a dispatcher of its own, so that it holds up no event.
_MESSAGES = OutboxRow.topic != MODULE_ORDERS


class Relay:
    """Publishes outbox rows, then deletes them; a crash between the two publishes them once more.

    Replicas take turns by a lease, so that rows leave in order. `wake` it after every commit; it looks by itself
    every `interval_s`.
    """

    def __init__(
        self, sessions: SessionFactory, reads: SessionFactory, *, redis: Redis, lease: Lease, interval_s: float
    ) -> None:
        self._sessions = sessions
        self._reads = reads
        self._redis = redis
        self._publisher = Publisher(redis)
        self._lease = lease
        self._interval_s = interval_s
        self._wake = threading.Event()

    def wake(self) -> None:
        """Something was committed."""
        self._wake.set()

    def run(self, stop: threading.Event, *, beat: Callable[[], None] = lambda: None) -> None:
        """Relay until `stop` is set (call `wake` then, to be quick). A lost Redis or database is waited out."""
        failures = 0
        while not stop.is_set():
            beat()
            if failures == 0:
                self._wake.wait(self._interval_s)
            self._wake.clear()
            try:
                self.drain(stop)
                failures = 0
            except (RedisError, OperationalError) as error:
                failures += 1
                delay_s = min(_BACKOFF_CAP_S, 0.1 * 2**failures)
                log.warning("relay_waits", reason=str(error)[:200], delay_s=delay_s)
                stop.wait(delay_s)

    def drain(self, stop: threading.Event) -> int:
        """Publish what is in the outbox now; how many rows went. Waits for its turn."""
        if not self._pending():
            return 0
        while not self._lease.acquire():
            # Whoever holds it may have looked just before our commit; the rows are nobody's until we look again.
            if stop.wait(_LEASE_WAIT_S) or not self._pending():
                return 0
        try:
            return self._publish_all(stop)
        finally:
            self._lease.release()

    def _publish_all(self, stop: threading.Event) -> int:
        gone = 0
        while rows := self._page():
            self._publish(rows)
            self._forget(rows)
            gone += len(rows)
            if len(rows) < _PAGE or stop.is_set() or not self._lease.acquire():
                break
        metrics.OUTBOX_PENDING.set(self._pending())
        return gone

    def _pending(self) -> int:
        with self._reads() as session:
            return session.scalar(select(func.count()).select_from(OutboxRow).where(_MESSAGES)) or 0

    def _page(self) -> Sequence[OutboxRow]:
        with self._reads() as session:
            return session.scalars(select(OutboxRow).where(_MESSAGES).order_by(OutboxRow.id).limit(_PAGE)).all()

    def _publish(self, rows: Sequence[OutboxRow]) -> None:
        # One transaction: a page is on the stream as a whole or not at all.
        pipe = self._redis.pipeline(transaction=True)
        for row in rows:
            try:
                self._publisher.add(pipe, _topic_of(row), message_of(row))
            except InvalidMessage as error:
                # Only another version's row can be unreadable; it must not hold up the rest for ever.
                log.error("outbox_row_dropped", row=row.id, reason=str(error), body=row.body)
        pipe.execute()

    def _forget(self, rows: Sequence[OutboxRow]) -> None:
        with self._sessions.begin() as session:
            session.execute(delete(OutboxRow).where(OutboxRow.id.in_([row.id for row in rows])))


def _topic_of(row: OutboxRow) -> Topic:
    topic = next((topic for topic in TOPICS if topic.name == row.topic and not topic.sharded), None)
    if topic is None:
        raise InvalidMessage(f"outbox row {row.id} is for an unknown topic {row.topic!r}")
    return topic
