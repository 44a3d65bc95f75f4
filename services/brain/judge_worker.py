"""`python -m services.brain.judge_worker`: asks the judge about open cases, as a Celery worker on a pool of threads."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

from celery import bootsteps, signals
from sqlalchemy.exc import OperationalError

from services.brain.judge_bootstrap import WORKER, JudgeWorker, build_judge_worker
from shared.domain.errors import USER_ERROR_STATUS, UserError
from shared.ending import leave
from shared.jobs import JUDGE, QUEUE_GEMMA
from shared.loops import Stop, obey_restart
from shared.observability import configure_logging, get_logger, metrics
from shared.settings import Settings, load_settings
from shared.streams import CommandTail

log = get_logger("brain.judge")

_SERVICE = "brain"
# What is not answered after this share of the grace is given back; the process ends shortly after all of it.
_ABORT_SHARE = 0.6
_EXIT_AFTER_S = 0.2
_BEAT_S = 1.0
_POLL_MS = 500


def main() -> int:
    """Run until SIGTERM; 0 after a clean stop, 2 when the operator must mend something."""
    try:
        settings = load_settings()
        worker = build_judge_worker(settings)
    except UserError as error:
        sys.stderr.write(f"argus {WORKER}: {error}\n")
        return USER_ERROR_STATUS
    configure_logging(settings.log, service=WORKER, redis=worker.redis)
    metrics.serve(settings.metrics)
    return run(worker, settings)


def run(worker: JudgeWorker, settings: Settings) -> int:
    """Hear cases until the process is told to stop; the exit status. Blocks."""
    register(worker)
    worker.app.conf.update(worker_enable_remote_control=False)
    worker.app.steps["consumer"].add(_beating(worker))
    stop = Stop()
    signals.worker_shutting_down.connect(lambda **_: _wind_down(worker, stop), weak=False)
    threading.Thread(target=_follow_orders, args=(worker, stop), name="orders", daemon=True).start()
    celery = worker.app.Worker(
        pool_cls="threads",
        concurrency=settings.judge.concurrency,
        queues=[QUEUE_GEMMA],
        hostname=f"{WORKER}@{os.getpid()}",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    celery.start()
    worker.close()
    return int(celery.exitcode or 0)


def register(worker: JudgeWorker) -> None:
    """Give the app its one task."""

    @worker.app.task(name=JUDGE)  # type: ignore[untyped-decorator]
    def judge() -> None:
        try:
            worker.hearing.hear_next()
        except OperationalError as error:
            # The case stands in the database, and is free again when its lease has run out.
            log.warning("case_postponed", reason=str(error.orig)[:200])


def _beating(worker: JudgeWorker) -> type[bootsteps.StartStopStep]:
    class Beat(bootsteps.StartStopStep):  # type: ignore[misc]
        """A sign of life from Celery's own loop."""

        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, parent: Any) -> None:
            parent.timer.call_repeatedly(_BEAT_S, worker.liveness.beat)

    return Beat


def _wind_down(worker: JudgeWorker, stop: Stop) -> None:
    """Take nothing new, give back what does not end soon, and go."""
    grace_s = stop.grace_s
    stop.set()
    worker.hearing.stop()
    abort_after_s = max(grace_s * _ABORT_SHARE, grace_s - 1.0)
    for after_s, act in ((abort_after_s, lambda: _give_back(worker)), (grace_s + _EXIT_AFTER_S, lambda: os._exit(0))):
        timer = threading.Timer(after_s, act)
        timer.daemon = True
        timer.start()


def _give_back(worker: JudgeWorker) -> None:
    try:
        left = worker.hearing.give_back()
    except OperationalError as error:
        log.warning("cases_not_given_back", reason=str(error.orig)[:200])
    else:
        log.info("cases_given_back", cases=left)


def _follow_orders(worker: JudgeWorker, stop: Stop) -> None:
    """End when a restart of the brain is ordered; the supervisor starts the worker again."""
    tail, ordered = CommandTail(worker.redis), Stop()
    while not obey_restart(tail.poll(block_ms=_POLL_MS), ordered, service=_SERVICE):
        if stop.is_set():
            return
    stop.grace_s = ordered.grace_s
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    leave(main())
