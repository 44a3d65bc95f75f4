"""`python -m services.alerts.worker`: the hands that make deliveries, as a Celery worker on a pool of threads."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from typing import Any

from celery import bootsteps, signals
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from services.alerts.bootstrap import WORKER, Worker, build_worker, follow_restarts
from services.alerts.ordered_trial import answer_order
from shared.domain.errors import USER_ERROR_STATUS, Transient, UserError
from shared.ending import leave
from shared.jobs import DELIVER, QUEUE_ALERT_TESTS, TEST_ALERT
from shared.loops import Stop
from shared.messages.alert_test import AlertTest
from shared.observability import configure_logging, get_logger, metrics
from shared.settings import Settings, load_settings

log = get_logger("alerts.worker")

# Sending is broken off after this share of the grace; the process ends in any case shortly after all of it.
_ABORT_SHARE = 0.6
_EXIT_AFTER_S = 0.2
_BEAT_S = 1.0
_WRITE_ARRIVALS_S = 1.0
# Celery's own threads only pass tasks on.
_CLERKS = 4


def main() -> int:
    """Run until SIGTERM; 0 after a clean stop, 2 when the operator must mend something."""
    try:
        settings = load_settings()
        worker = build_worker(settings)
    except UserError as error:
        sys.stderr.write(f"argus {WORKER}: {error}\n")
        return USER_ERROR_STATUS
    configure_logging(settings.log, service=WORKER, redis=worker.redis)
    metrics.serve(settings.metrics)
    return run(worker, settings)


def run(worker: Worker, settings: Settings) -> int:
    """Take deliveries from the queue until the process is told to stop; the exit status. Blocks."""
    register(worker, per_recipient=settings.alerts.per_recipient)
    worker.app.conf.update(worker_enable_remote_control=False)
    worker.app.steps["consumer"].add(_beating(worker))
    stop = Stop()
    signals.worker_shutting_down.connect(lambda **_: _wind_down(worker, stop.grace_s), weak=False)
    threading.Thread(target=_follow_orders, args=(worker.redis, stop), name="orders", daemon=True).start()
    over = threading.Event()
    writer = threading.Thread(
        target=partial(worker.arrivals.run, over, interval_s=_WRITE_ARRIVALS_S), name="arrivals", daemon=True
    )
    writer.start()
    celery = worker.app.Worker(
        pool_cls="threads",
        concurrency=_CLERKS,
        queues=worker.queues,
        hostname=f"{WORKER}@{os.getpid()}",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start_tending(over)
    celery.start()
    # What is being sent may end; a timer of the wind-down ends the process when it does not.
    worker.bulkheads.close(within_s=stop.grace_s)
    over.set()
    writer.join(_EXIT_AFTER_S)
    worker.close()
    return int(celery.exitcode or 0)


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


def _beating(worker: Worker) -> type[bootsteps.StartStopStep]:
    class Beat(bootsteps.StartStopStep):  # type: ignore[misc]
        """A sign of life from Celery's own loop."""

        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, parent: Any) -> None:
            parent.timer.call_repeatedly(_BEAT_S, worker.liveness.beat)

    return Beat


def _wind_down(worker: Worker, grace_s: float) -> None:
    """Take nothing new, break off what does not end soon, and go: the leases of whatever is left run out."""
    worker.courier.stop()
    abort_after_s = max(grace_s * _ABORT_SHARE, grace_s - 1.0)
    for after_s, act in ((abort_after_s, worker.abort), (grace_s + _EXIT_AFTER_S, lambda: os._exit(0))):
        timer = threading.Timer(after_s, act)
        timer.daemon = True
        timer.start()


def _follow_orders(redis: Redis, stop: Stop) -> None:
    follow_restarts(redis, stop)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    leave(main())
