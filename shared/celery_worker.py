"""Running a Celery worker as a process: the same start, end and exit status for all of them.

A worker takes tasks on a pool of threads until SIGTERM, or until a restart of its service is ordered; the supervisor
starts it again. `shared.service` is the same for services that read streams.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from celery import Celery, bootsteps, signals
from redis import Redis

from shared.domain.errors import USER_ERROR_STATUS, UserError
from shared.loops import Stop, obey_restart
from shared.observability import configure_logging, metrics
from shared.settings import Settings, load_settings
from shared.streams import CommandTail

# What does not end by itself is broken off after this share of the grace; the process ends shortly after all of it.
_ABORT_SHARE = 0.6
EXIT_AFTER_S = 0.2
_BEAT_S = 1.0
_POLL_MS = 500


class CeleryWorker(Protocol):
    """What a worker's composition root gives."""

    @property
    def app(self) -> Celery: ...

    @property
    def redis(self) -> Redis: ...

    def close(self) -> None:
        """Give back connections."""


W = TypeVar("W", bound=CeleryWorker)


@dataclass(frozen=True, slots=True)
class Shift:
    """How a worker works, and how it ends.

    `beat` is called about once a second by Celery's own loop: a worker that hangs gives no sign of life. At the end
    `wind_down` is called at once, so that nothing new is begun, and `abort` when most of the grace is over, for what
    does not end by itself.
    """

    service: str
    hostname: str
    queues: Sequence[str]
    threads: int
    beat: Callable[[], None]
    wind_down: Callable[[], None]
    abort: Callable[[], None]


def run_worker(name: str, build: Callable[[Settings], W], work: Callable[[W, Settings], int]) -> int:
    """Load the settings, build, log, measure, and work. Call from the main thread.

    Returns what `work` does, which is 0 after a clean stop, or 2 (with one line on stderr) after a `UserError`.
    """
    try:
        settings = load_settings()
        worker = build(settings)
    except UserError as error:
        sys.stderr.write(f"argus {name}: {error}\n")
        return USER_ERROR_STATUS
    configure_logging(settings.log, service=name, redis=worker.redis)
    metrics.serve(settings.metrics)
    return work(worker, settings)


def take_tasks(worker: CeleryWorker, shift: Shift, stop: Stop) -> int:
    """Take tasks until the process is told to stop, which sets `stop`; the exit status. Blocks."""
    worker.app.conf.update(worker_enable_remote_control=False)
    worker.app.steps["consumer"].add(_beating(shift.beat))
    signals.worker_shutting_down.connect(lambda **_: _wind_down(shift, stop), weak=False)
    threading.Thread(target=_follow_orders, args=(worker.redis, shift, stop), name="orders", daemon=True).start()
    celery = worker.app.Worker(
        pool_cls="threads",
        concurrency=shift.threads,
        queues=list(shift.queues),
        hostname=f"{shift.hostname}@{os.getpid()}",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    celery.start()
    return int(celery.exitcode or 0)


def _beating(beat: Callable[[], None]) -> type[bootsteps.StartStopStep]:
    class Beat(bootsteps.StartStopStep):  # type: ignore[misc]
        """A sign of life from Celery's own loop."""

        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, parent: Any) -> None:
            parent.timer.call_repeatedly(_BEAT_S, beat)

    return Beat


def _wind_down(shift: Shift, stop: Stop) -> None:
    grace_s = stop.grace_s
    stop.set()
    shift.wind_down()
    abort_after_s = max(grace_s * _ABORT_SHARE, grace_s - 1.0)
    for after_s, act in ((abort_after_s, shift.abort), (grace_s + EXIT_AFTER_S, lambda: os._exit(0))):
        timer = threading.Timer(after_s, act)
        timer.daemon = True
        timer.start()


def _follow_orders(redis: Redis, shift: Shift, stop: Stop) -> None:
    """End when a restart of the service is ordered."""
    tail, ordered = CommandTail(redis), Stop()
    while not obey_restart(tail.poll(block_ms=_POLL_MS), ordered, service=shift.service):
        if stop.is_set():
            return
    stop.grace_s = ordered.grace_s
    os.kill(os.getpid(), signal.SIGTERM)
