"""Jobs for specialists, as the API sees them: which modules can run, handing one a job, what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from celery import Celery
from redis import Redis

from services.gateway.problem import Problem, Refusal
from shared.domain.errors import NotFound, Transient
from shared.domain.module import MODULES
from shared.modules.book import JobBook, JobRecord, QueueFull
from shared.modules.enqueue import enqueue
from shared.modules.order import ModuleOrder, is_job_id
from shared.modules.roster import ModuleInfo, Roster, modules_of

_STARTING_S = 5
_WEIGHTS_S = 60


class ModuleJobs:
    """Thread-safe. Every method raises `RedisError` while Redis is away."""

    def __init__(self, redis: Redis, celery: Celery, *, bound: int, now: Callable[[], datetime]) -> None:
        self._celery = celery
        self._bound = bound
        self._roster = Roster(redis)
        self._book = JobBook(redis, now=now)

    def modules(self) -> list[ModuleInfo]:
        """Every module there is, with why it cannot run now where it cannot."""
        workers = self._roster.workers()
        told = modules_of(workers)
        if not workers:
            why = {"reason": "no worker runs", "remedy": "start Argus with `argus up`"}
        elif not any(worker.ready for worker in workers):
            why = {"reason": "the workers are starting", "remedy": "try again in a moment"}
        else:
            why = {"reason": "no worker has it", "remedy": "see the setting modules.enabled"}
        return [told.get(name) or ModuleInfo(name=name, **why) for name in MODULES]

    def ready(self, name: str) -> ModuleInfo:
        """The module, if it can run now. Raises `NotFound` for an unknown one, else `Refusal` (503) with the remedy."""
        if name not in MODULES:
            raise NotFound("name", "there is no such module")
        module = next(module for module in self.modules() if module.name == name)
        if module.available:
            return module
        known = bool(module.version)
        message = f"Module {name} cannot run: {module.reason}" + (f" – {module.remedy}" if module.remedy else "")
        raise _unserved(message, retry_after_s=_WEIGHTS_S if known else _STARTING_S)

    def submit(self, order: ModuleOrder) -> int:
        """Queue the job, and how many are ahead of it. Raises `Refusal` (503) when the queue is full or away."""
        try:
            return enqueue(self._celery, self._book, order, bound=self._bound)
        except QueueFull as error:
            message = f"The queue of modules is full: {error}"
            raise _unserved(message, retry_after_s=round(error.retry_after_s or 1)) from None
        except Transient:
            raise _unserved("The queue does not answer; try again in a moment", retry_after_s=1) from None

    def job(self, job_id: str, *, account_id: int | None) -> JobRecord:
        """The job; with `account_id`, only one that this account may read. Raises `NotFound`."""
        record = self._book.get(job_id) if is_job_id(job_id) else None
        if record is None or not record.order.is_for(account_id):
            raise NotFound("job_id", "there is no such job")
        return record

    def ahead(self, record: JobRecord) -> int:
        """How many jobs are ahead of it now."""
        return self._book.ahead(record.order)


def _unserved(message: str, *, retry_after_s: int) -> Refusal:
    return Refusal(Problem(503, "service_unavailable", message, headers={"Retry-After": str(retry_after_s)}))
