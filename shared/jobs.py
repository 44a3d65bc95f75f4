"""Celery: every task's name and queue, and the one way to make the app."""

from __future__ import annotations

from typing import Final

from celery import Celery

DELIVER: Final = "alerts.deliver"
"""Send one delivery: `deliver(delivery_id, channel, recipient)`, on the channel's own queue (`deliveries_queue`)."""

TEST_ALERT: Final = "alerts.test"
"""Send a test alert now: `test(reply_to, order)`, the order an `AlertTest`; see `ALERT_TEST_WANTED`."""

RUN_MODULE: Final = "modules.run"
"""Run a specialist: `run(job_id)`, the rest stands in the job's record (`shared.modules.book`)."""

JUDGE: Final = "brain.judge"
"""Judge the most urgent open case, whichever that is: `judge()`. The cases stand in the database."""

QUEUE_ALERT_TESTS: Final = "alerts.test"
"""A queue of its own: somebody waits, while deliveries may have piled up."""
QUEUE_GEMMA: Final = "gemma"
QUEUE_MODULES: Final = "modules"
QUEUE_MODULES_GPU: Final = "modules.gpu"

_QUEUES: Final = {TEST_ALERT: QUEUE_ALERT_TESTS, JUDGE: QUEUE_GEMMA}
_VISIBILITY_S: Final = 600


def deliveries_queue(channel: str) -> str:
    """The queue of a channel's deliveries: what piles up there holds up no other channel."""
    return f"alerts.to.{channel}"


def celery_app(redis_url: str) -> Celery:
    """An app on the given broker. Connects to nothing yet.

    Tasks are idempotent and the database knows what is due, so results are not kept; a task is acknowledged after
    it ran, and comes again when its worker dies.
    """
    app = Celery("argus", broker=redis_url)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_routes={name: {"queue": queue} for name, queue in _QUEUES.items()},
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": _VISIBILITY_S,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "retry_on_timeout": True,
            "max_retries": 3,
            "interval_start": 0,
            "interval_step": 0.2,
            "interval_max": 0.5,
        },
        timezone="UTC",
    )
    return app
