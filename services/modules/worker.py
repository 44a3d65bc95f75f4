"""`python -m services.modules.worker`: takes jobs for specialists from their queues, as a Celery worker.

The worker itself looks at no picture: each of its threads has a process do that (`hand_process.py`), so that
nothing a job does can take another one with it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

from celery import bootsteps, signals
from redis.exceptions import RedisError

from services.modules.bootstrap import SERVICE, WORKER, Worker, build_worker
from services.modules.hand import HAND_PROGRAM, HandDied
from shared.domain.errors import USER_ERROR_STATUS, Transient, UserError
from shared.ending import leave
from shared.jobs import RUN_MODULE
from shared.loops import Stop, obey_restart
from shared.observability import configure_logging, get_logger, metrics
from shared.settings import Settings, load_settings
from shared.streams import CommandTail

log = get_logger("modules.worker")

# Jobs are broken off after this share of the grace; the process ends in any case shortly after all of it.
_ABORT_SHARE = 0.6
_EXIT_AFTER_S = 0.2
_BEAT_S = 1.0
_POLL_MS = 500
_AGAIN_S = 5.0


def main(*, program: str = HAND_PROGRAM) -> int:
    """Run until SIGTERM; 0 after a clean stop, 2 when the operator must mend something.

    `program` is the module that each of its processes runs.
    """
    try:
        settings = load_settings()
        worker = build_worker(settings, program=program)
    except UserError as error:
        sys.stderr.write(f"argus {WORKER}: {error}\n")
        return USER_ERROR_STATUS
    configure_logging(settings.log, service=WORKER, redis=worker.redis)
    metrics.serve(settings.metrics)
    return run(worker, settings)


def run(worker: Worker, settings: Settings) -> int:
    """Take jobs from the queues until the process is told to stop; the exit status. Blocks."""
    register(worker)
    worker.app.conf.update(worker_enable_remote_control=False)
    worker.app.steps["consumer"].add(_beating(worker))
    stop = Stop()
    signals.worker_shutting_down.connect(lambda **_: _wind_down(worker, stop), weak=False)
    for name, target in (("orders", _follow_orders), ("hands", _open_hands), ("sweeper", _sweep)):
        threading.Thread(target=target, args=(worker, stop), name=name, daemon=True).start()
    celery = worker.app.Worker(
        pool_cls="threads",
        concurrency=settings.modules.concurrency,
        queues=list(worker.queues),
        hostname=f"{worker.instance}@{os.getpid()}",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    celery.start()
    _leave(worker)
    worker.close()
    return int(celery.exitcode or 0)


def register(worker: Worker) -> None:
    """Give the app its one task."""

    @worker.app.task(name=RUN_MODULE)  # type: ignore[untyped-decorator]
    def run_module(job_id: str) -> None:
        try:
            worker.runner.run(job_id)
        except (RedisError, Transient) as error:
            # The record says how far it came, and the sweeper reads it.
            log.warning("job_postponed", job=job_id, reason=str(error)[:200])


def _beating(worker: Worker) -> type[bootsteps.StartStopStep]:
    def beat() -> None:
        worker.liveness.beat()
        worker.hands.let_idle_go()
        try:
            worker.tell()
        except RedisError:
            return

    class Beat(bootsteps.StartStopStep):  # type: ignore[misc]
        """A sign of life from Celery's own loop."""

        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, parent: Any) -> None:
            parent.timer.call_repeatedly(_BEAT_S, beat)

    return Beat


def _open_hands(worker: Worker, stop: Stop) -> None:
    while not stop.is_set() and not worker.hands.closed:
        try:
            worker.hands.open()
        except HandDied as error:
            log.error("hands_not_opened", reason=str(error))
            stop.wait(_AGAIN_S)
        else:
            modules = worker.hands.modules or ()
            log.info("modules_ready", available=[module.name for module in modules if module.available])
            return


def _sweep(worker: Worker, stop: Stop) -> None:
    worker.sweeper.run(stop)


def _wind_down(worker: Worker, stop: Stop) -> None:
    """Take nothing new, break off what does not end soon, and go: what is left is queued again."""
    grace_s = stop.grace_s
    stop.set()
    abort_after_s = max(grace_s * _ABORT_SHARE, grace_s - 1.0)
    for after_s, act in ((abort_after_s, worker.hands.close), (grace_s + _EXIT_AFTER_S, lambda: os._exit(0))):
        timer = threading.Timer(after_s, act)
        timer.daemon = True
        timer.start()


def _leave(worker: Worker) -> None:
    try:
        worker.roster.leave(worker.instance)
    except RedisError as error:
        log.warning("roster_not_left", reason=str(error)[:200])


def _follow_orders(worker: Worker, stop: Stop) -> None:
    """End when a restart of the modules is ordered; the supervisor starts the worker again."""
    tail, ordered = CommandTail(worker.redis), Stop()
    while not obey_restart(tail.poll(block_ms=_POLL_MS), ordered, service=SERVICE):
        if stop.is_set():
            return
    stop.grace_s = ordered.grace_s
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    leave(main())
