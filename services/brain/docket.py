"""From open cases to the judge's queue, and never more of them than the queue holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis

from services.brain import cases, metrics
from services.brain.cases import Result
from services.brain.woken import Woken
from shared.db.engine import SessionFactory
from shared.domain.errors import Transient
from shared.jobs import JUDGE, QUEUE_GEMMA
from shared.observability import get_logger
from shared.ownership.lease import Lease

log = get_logger("brain.ollama")

LEASE_TTL_S: Final = 5.0
_NEARLY_FULL = 0.9
_SAY_AGAIN_S = 30.0


class Docket(Woken):
    """Puts one message into the queue for each case that is free: which one is taken up, the worker decides.

    So a queue that was lost is filled again, and a message too many does no harm. Beyond `bound` open cases the oldest
    of the least severe is settled `unverified`, and so is what is older than `patience_s`.
    """

    def __init__(
        self,
        sessions: SessionFactory,
        reads: SessionFactory,
        *,
        app: Celery,
        redis: Redis,
        lease: Lease,
        bound: int,
        patience_s: float,
        now: Callable[[], datetime],
        committed: Callable[[], None],
        interval_s: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(interval_s=interval_s)
        self._sessions = sessions
        self._reads = reads
        self._app = app
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2.
        self._redis: Any = redis
        self._lease = lease
        self._bound = bound
        self._patience = timedelta(seconds=patience_s)
        self._now = now
        self._committed = committed
        self._monotonic = monotonic
        self._said = (0, 0.0)

    def drain(self) -> int:
        """Settle what is too much or too old, and hand over what is free; how many messages went. One replica at once.

        Raises `redis.exceptions.RedisError`, `sqlalchemy.exc.OperationalError`, and `Transient` when the broker is
        away.
        """
        with self._reads() as session:
            open_cases = cases.count(session)
        metrics.CASES.set(open_cases)
        if not open_cases:
            return 0
        # Not left to the lease's holder: the queue is not to be too long while Redis is away.
        self._close(open_cases)
        self._say_how_full(min(open_cases, self._bound))
        if not self._lease.acquire():
            return 0
        try:
            return self._hand_over()
        finally:
            self._lease.release()

    def _close(self, open_cases: int) -> None:
        now = self._now()
        with self._reads() as session:
            old = cases.outdated(session, opened_before=now - self._patience, now=now)
        if open_cases <= self._bound and not old:
            return
        settled = []
        with self._sessions.begin() as session:
            closing = [(event_id, trouble or "timeout") for event_id, trouble in old]
            closing += [(event_id, "overflow") for event_id in cases.surplus(session, bound=self._bound, now=now)]
            for event_id, outcome in closing:
                settled.append(cases.settle(session, event_id, Result(outcome), now=now, tell_rejected=False))
        for each in settled:
            if each is not None:
                metrics.count_verdict(each)
                log.warning("case_given_up", event_id=each.event_uuid, outcome=each.result.outcome)
        self._committed()

    def _say_how_full(self, length: int) -> None:
        said, at = self._said
        if length < self._bound * _NEARLY_FULL:
            self._said = (0, 0.0)
        elif length > said or self._monotonic() - at > _SAY_AGAIN_S:
            self._said = (length, self._monotonic())
            log.warning(f"Queue {QUEUE_GEMMA} is at {length}/{self._bound} capacity")

    def _hand_over(self) -> int:
        with self._reads() as session:
            free = cases.count_free(session, now=self._now())
        missing = max(0, min(free, self._bound) - int(self._redis.llen(QUEUE_GEMMA)))
        for _ in range(missing):
            try:
                self._app.send_task(JUDGE, (), retry=False)
            except BrokerError as error:
                raise Transient(f"the queue does not answer: {error}", retry_after_s=1.0) from error
        return missing
