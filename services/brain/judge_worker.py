"""`python -m services.brain.judge_worker`: asks the judge about open cases, as a Celery worker on a pool of threads."""

from __future__ import annotations

from functools import partial

from sqlalchemy.exc import OperationalError

from services.brain.judge_bootstrap import WORKER, JudgeWorker, build_judge_worker
from shared.celery_worker import Shift, run_worker, take_tasks
from shared.ending import leave
from shared.jobs import JUDGE, QUEUE_GEMMA
from shared.loops import Stop
from shared.observability import get_logger
from shared.settings import Settings

log = get_logger("brain.judge")

_SERVICE = "brain"


def main() -> int:
    """Run until SIGTERM; 0 after a clean stop, 2 when the operator must mend something."""
    return run_worker(WORKER, build_judge_worker, run)


def run(worker: JudgeWorker, settings: Settings) -> int:
    """Hear cases until the process is told to stop; the exit status. Blocks."""
    register(worker)
    shift = Shift(
        service=_SERVICE,
        hostname=WORKER,
        queues=[QUEUE_GEMMA],
        threads=settings.judge.concurrency,
        beat=worker.liveness.beat,
        wind_down=worker.hearing.stop,
        abort=partial(_give_back, worker),
    )
    status = take_tasks(worker, shift, Stop())
    worker.close()
    return status


def register(worker: JudgeWorker) -> None:
    """Give the app its one task."""

    @worker.app.task(name=JUDGE)  # type: ignore[untyped-decorator]
    def judge() -> None:
        try:
            worker.hearing.hear_next()
        except OperationalError as error:
            # The case stands in the database, and is free again when its lease has run out.
            log.warning("case_postponed", reason=str(error.orig)[:200])


def _give_back(worker: JudgeWorker) -> None:
    try:
        left = worker.hearing.give_back()
    except OperationalError as error:
        log.warning("cases_not_given_back", reason=str(error.orig)[:200])
    else:
        log.info("cases_given_back", cases=left)


if __name__ == "__main__":
    leave(main())
