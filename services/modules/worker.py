"""`python -m services.modules.worker`: takes jobs for specialists from their queues, as a Celery worker.

The worker itself looks at no picture: each of its threads has a process do that (`hand_process.py`), so that
nothing a job does can take another one with it.
"""

from __future__ import annotations

import threading
from functools import partial

from redis.exceptions import RedisError

from services.modules.bootstrap import SERVICE, WORKER, Worker, build_worker
from services.modules.hand import HAND_PROGRAM, HandDied
from shared.celery_worker import Shift, run_worker, take_tasks
from shared.domain.errors import Transient
from shared.ending import leave
from shared.jobs import RUN_MODULE
from shared.loops import Stop
from shared.observability import get_logger
from shared.settings import Settings

log = get_logger("modules.worker")

_AGAIN_S = 5.0


def main(*, program: str = HAND_PROGRAM) -> int:
    """Run until SIGTERM; 0 after a clean stop, 2 when the operator must mend something.

    `program` is the module that each of its processes runs.
    """
    return run_worker(WORKER, partial(build_worker, program=program), run)


def run(worker: Worker, settings: Settings) -> int:
    """Take jobs from the queues until the process is told to stop; the exit status. Blocks."""
    register(worker)
    stop = Stop()
    for name, target in (("hands", _open_hands), ("sweeper", _sweep)):
        threading.Thread(target=target, args=(worker, stop), name=name, daemon=True).start()
    shift = Shift(
        service=SERVICE,
        hostname=worker.instance,
        queues=worker.queues,
        threads=settings.modules.concurrency,
        beat=partial(_beat, worker),
        wind_down=lambda: None,
        abort=worker.hands.close,  # what is broken off is queued again
    )
    status = take_tasks(worker, shift, stop)
    _leave(worker)
    worker.close()
    return status


def register(worker: Worker) -> None:
    """Give the app its one task."""

    @worker.app.task(name=RUN_MODULE)  # type: ignore[untyped-decorator]
    def run_module(job_id: str) -> None:
        try:
            worker.runner.run(job_id)
        except (RedisError, Transient) as error:
            # The record says how far it came, and the sweeper reads it.
            log.warning("job_postponed", job=job_id, reason=str(error)[:200])


def _beat(worker: Worker) -> None:
    worker.liveness.beat()
    worker.hands.let_idle_go()
    try:
        worker.tell()
    except RedisError:
        return


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


def _leave(worker: Worker) -> None:
    try:
        worker.roster.leave(worker.instance)
    except RedisError as error:
        log.warning("roster_not_left", reason=str(error)[:200])


if __name__ == "__main__":
    leave(main())
