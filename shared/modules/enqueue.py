"""Handing a job to the workers."""

from __future__ import annotations

from celery import Celery
from kombu.exceptions import OperationalError as BrokerError

from shared.domain.errors import Transient
from shared.jobs import RUN_MODULE
from shared.modules.book import JobBook
from shared.modules.order import ModuleOrder


def enqueue(app: Celery, book: JobBook, order: ModuleOrder, *, bound: int) -> int:
    """Write the job's record and put it into its queue; how many jobs are ahead of it.

    Raises `QueueFull`, `Transient` when the broker does not answer (nothing is left behind then), and
    `redis.exceptions.RedisError`.
    """
    ahead = book.submit(order, bound=bound)
    _send_or_withdraw(app, book, order)
    return ahead


def enqueue_once(app: Celery, book: JobBook, order: ModuleOrder, *, bound: int) -> bool:
    """The same unless a job of this id is known already (whatever became of it); whether there was none.

    Raises as `enqueue` does.
    """
    if not book.submit_new(order, bound=bound):
        return False
    _send_or_withdraw(app, book, order)
    return True


def _send_or_withdraw(app: Celery, book: JobBook, order: ModuleOrder) -> None:
    try:
        send(app, order)
    except Transient:
        book.withdraw(order)
        raise


def send(app: Celery, order: ModuleOrder) -> None:
    """Put a job into its queue (again). Raises `Transient` when the broker does not answer."""
    try:
        app.send_task(RUN_MODULE, (order.job_id,), queue=order.queue, retry=False)
    except BrokerError as error:
        raise Transient(f"the queue does not answer: {error}", retry_after_s=1.0) from error
