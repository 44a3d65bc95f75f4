"""Making deliveries: what a worker does when it is handed one."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from services.alerts import metrics
from services.alerts.arrivals import Arrivals
from services.alerts.backoff import Backoff
from services.alerts.channel import Channel
from services.alerts.claims import Claim, Claims, Outcome, Waiting
from services.alerts.hint import Enqueue, Hint
from services.alerts.waitlist import Key, Waitlist
from shared.db.engine import sessions
from shared.domain.errors import ArgusError, Permanent, Transient
from shared.observability import get_logger

log = get_logger("alerts.courier")

_SLICE_S = 1.0
# What went well stands in the database; a line for each would cost as much as the delivery.
_LOG_LEVELS = {"sent": logging.DEBUG, "retrying": logging.INFO, "dead": logging.WARNING}
_SETTLE_PAUSE_S = 0.25
_PAGE = 64
_MISSES = 8


class Courier:
    """Claims, sends and settles. Thread-safe; each call works on one delivery, then on its recipient's next.

    `Transient` and network trouble lead to another try, `Permanent` to the dead letters, with the reason.
    """

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        claims: Claims,
        *,
        backoff: Backoff,
        enqueue: Enqueue,
        arrivals: Arrivals,
        now: Callable[[], datetime],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._engine = engine
        self._sessions = sessions(engine)
        self._waitlist = Waitlist()
        # SQLite has one writer: threads that queue here do not sleep in its busy handler.
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        )
        self._channels = channels
        self._claims = claims
        self._backoff = backoff
        self._enqueue = enqueue
        self._arrivals = arrivals
        self._now = now
        self._uniform = uniform
        self._stopping = threading.Event()
        self._busy: Counter[Key] = Counter()
        self._busy_lock = threading.Lock()

    def deliver(self, delivery_id: str) -> None:
        """Make the delivery unless it is done or another holds it; go on with its recipient for a moment."""
        claim = self._take(delivery_id)
        if claim is None:
            return
        with self._counted((claim.channel, claim.recipient)):
            others_turn = self._go_on(claim)
        if others_turn is not None:
            self._enqueue(others_turn)

    def at_work_for(self, channel: str, recipient: str) -> int:
        """How many threads of this process are at the recipient's deliveries; each goes on to its next."""
        with self._busy_lock:
            return self._busy[channel, recipient]

    def stop(self) -> None:
        """Take nothing new."""
        self._stopping.set()

    def _go_on(self, claim: Claim) -> Hint | None:
        """Make the delivery and then its recipient's next ones, for a moment; what is left to another thread."""
        until = time.monotonic() + _SLICE_S
        following: Claim | Hint | None = claim
        while isinstance(following, Claim):
            outcome = self._attempt(following)
            following = self._settle_surely(following, outcome, go_on=time.monotonic() < until)
        return following

    @contextmanager
    def _counted(self, key: Key) -> Iterator[None]:
        with self._busy_lock:
            self._busy[key] += 1
        try:
            yield
        finally:
            with self._busy_lock:
                self._busy[key] -= 1
                if not self._busy[key]:
                    del self._busy[key]

    def _take(self, delivery_id: str) -> Claim | None:
        if self._stopping.is_set():
            return None
        with self._turn, self._sessions.begin() as session:
            return self._claims.take(session, delivery_id, now=self._now())

    def _attempt(self, claim: Claim) -> Outcome:
        started = time.monotonic()
        try:
            receipt = self._channels[claim.channel].send(claim.address, claim.parcel)
        except ArgusError as error:
            outcome = self._failed(claim, error, started)
        except Exception as error:  # plug-in boundary: a fault in one channel must not stop the worker
            log.exception("channel_failed", channel=claim.channel, delivery_id=claim.parcel.delivery_id)
            outcome = self._failed(claim, Transient(f"{claim.channel} failed: {type(error).__name__}"), started)
        else:
            outcome = Outcome("sent", self._now(), _ms_since(started), receipt=receipt.detail)
            self._arrivals.note(claim.channel, claim.recipient, outcome.at)
            metrics.CAPTURED_TO_DELIVERED.labels(claim.channel).observe(claim.parcel.notice.age_s(outcome.at))
        self._report(claim, outcome)
        return outcome

    def _failed(self, claim: Claim, error: ArgusError, started: float) -> Outcome:
        now, reason = self._now(), str(error)
        if not isinstance(error, Transient):
            return Outcome("dead", now, _ms_since(started), reason)
        asked = 0.0 if self._stopping.is_set() else error.retry_after_s
        due_at = self._backoff.next_try(
            now, attempt=claim.parcel.attempt, decided_at=claim.told_since, retry_after_s=asked, uniform=self._uniform
        )
        if due_at is None:
            return Outcome("dead", now, _ms_since(started), f"given up after {claim.parcel.attempt} attempts: {reason}")
        return Outcome("retrying", now, _ms_since(started), reason, due_at=due_at, hold_recipient=bool(asked))

    def _settle_surely(self, claim: Claim, outcome: Outcome, *, go_on: bool) -> Claim | Hint | None:
        """Write the outcome down, waiting for the database while the lease lasts; what to do next."""
        while True:
            try:
                return self._settle(claim, outcome, go_on=go_on)
            except OperationalError as error:
                if self._now() >= claim.lease_until:
                    raise Transient("the outcome of a delivery could not be written down") from error
                time.sleep(_SETTLE_PAUSE_S)

    def _settle(self, claim: Claim, outcome: Outcome, *, go_on: bool) -> Claim | Hint | None:
        """One transaction ends this delivery and begins its recipient's next, or leaves that to another worker."""
        key = (claim.channel, claim.recipient)
        with self._turn, self._engine.begin() as connection:
            if not self._claims.settle(connection, claim, outcome):
                log.warning("claim_lost", delivery_id=claim.parcel.delivery_id, outcome=outcome.state)
                return None
            if outcome.hold_recipient:
                self._waitlist.clear(key)
            if self._stopping.is_set():
                return None
            if go_on:
                return self._take_next(connection, claim, key)
            others_turn = self._claims.waiting(connection, claim, now=self._now(), limit=1)
        return Hint(others_turn[0].id, claim.channel, claim.recipient) if others_turn else None

    def _take_next(self, connection: Connection, claim: Claim, key: Key) -> Claim | None:
        for _ in range(_MISSES):
            found = self._waitlist.pop(key) or self._read_waitlist(connection, claim, key)
            if found is None:
                return None
            address, waiting = found
            taken = self._claims.take_waiting(connection, claim, waiting, address=address, now=self._now())
            if taken is not None:
                return taken
        return None

    def _read_waitlist(self, connection: Connection, claim: Claim, key: Key) -> tuple[Any, Waiting] | None:
        waiting = self._claims.waiting(connection, claim, now=self._now(), limit=_PAGE)
        if not waiting:
            return None
        try:
            address = self._claims.address_of(connection, claim, waiting)
        except Permanent:
            return None  # the recipient is gone: the sweeper hands out what is left, to be written off one by one
        self._waitlist.fill(key, address, waiting)
        return self._waitlist.pop(key)

    def _report(self, claim: Claim, outcome: Outcome) -> None:
        metrics.ATTEMPTS.labels(claim.channel, outcome.state).inc()
        metrics.SEND.labels(claim.channel).observe(outcome.duration_ms / 1000)
        log.log(
            _LOG_LEVELS[outcome.state],
            f"delivery_{outcome.state}",
            delivery_id=claim.parcel.delivery_id,
            channel=claim.channel,
            recipient=claim.recipient,
            attempt=claim.parcel.attempt,
            duration_ms=outcome.duration_ms,
            reason=outcome.reason,
            trace_id=claim.parcel.notice.trace_id,
        )


def _ms_since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
