"""`python -m services.alerts.worker`: the hands that make deliveries, as a Celery worker on a pool of threads."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from services.alerts.bootstrap import SERVICE, WORKER, Worker, build_worker
from services.alerts.ordered_trial import answer_order
from shared.celery_worker import EXIT_AFTER_S, Shift, run_worker, take_tasks
from shared.domain.errors import Transient
from shared.ending import leave
from shared.jobs import DELIVER, QUEUE_ALERT_TESTS, TEST_ALERT
from shared.loops import Stop
from shared.messages.alert_test import AlertTest
from shared.observability import get_logger
from shared.settings import Settings

log = get_logger("alerts.worker")

_WRITE_ARRIVALS_S = 1.0
# Celery's own threads only pass tasks on.
_CLERKS = 4


def main() -> int:
    """Run until SIGTERM; 0 after a clean stop, 2 when the operator must mend something."""
    return run_worker(WORKER, build_worker, run)


def run(worker: Worker, settings: Settings) -> int:
    """Take deliveries from the queue until the process is told to stop; the exit status. Blocks."""
    register(worker, per_recipient=settings.alerts.per_recipient)
    stop, over = Stop(), threading.Event()
    writer = threading.Thread(
        target=partial(worker.arrivals.run, over, interval_s=_WRITE_ARRIVALS_S), name="arrivals", daemon=True
    )
    writer.start()
    worker.start_tending(over)
    shift = Shift(
        service=SERVICE,
        hostname=WORKER,
        queues=worker.queues,
        threads=_CLERKS,
        beat=worker.liveness.beat,
        wind_down=worker.courier.stop,
        abort=worker.abort,
    )
    status = take_tasks(worker, shift, stop)
    # What is being sent may end; a timer of the shift ends the process when it does not.
    worker.bulkheads.close(within_s=stop.grace_s)
    over.set()
    writer.join(EXIT_AFTER_S)
    worker.close()
    return status


def register(worker: Worker, *, per_recipient: int) -> None:
    """Give the app its tasks. They hand on to the channel's own hands, and are done with that.

    A delivery whose recipient has `per_recipient` hands at work already is left to those: they go on to its next ones.
    """

    @worker.app.task(name=DELIVER)  # type: ignore[untyped-decorator]
    def deliver(delivery_id: str, channel: str, recipient: str) -> None:
        def make() -> None:
            if worker.courier.at_work_for(channel, recipient) < per_recipient:
                _deliver(worker, delivery_id)

        if worker.courier.at_work_for(channel, recipient) < per_recipient:
            worker.bulkheads.submit(channel, make)

    @worker.app.task(name=TEST_ALERT)  # type: ignore[untyped-decorator]
    def test(reply_to: str, order: dict[str, Any]) -> None:
        worker.bulkheads.submit(QUEUE_ALERT_TESTS, partial(_test, worker, reply_to, order))


def _deliver(worker: Worker, delivery_id: str) -> None:
    try:
        worker.courier.deliver(delivery_id)
    except (OperationalError, Transient) as error:
        # The row says what is still to do, and the sweeper reads it.
        log.warning("delivery_postponed", delivery_id=delivery_id, reason=str(error)[:200])


def _test(worker: Worker, reply_to: str, order: dict[str, Any]) -> None:
    try:
        answer_order(worker.redis, worker.trial, AlertTest.model_validate(order), reply_to=reply_to)
    except RedisError as error:
        log.warning("alert_test_unanswered", reason=type(error).__name__)


if __name__ == "__main__":
    leave(main())
