"""Running a service as a process: the same start, end and exit status for all of them."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

from shared.domain.errors import USER_ERROR_STATUS, UserError
from shared.loops import Stop, stop_on_signals
from shared.observability import configure_logging, get_logger, metrics
from shared.settings import Settings, load_settings
from shared.streams import connect

log = get_logger("service")

_HUNG_AFTER_S = 3.0


class Service(Protocol):
    """What a composition root gives."""

    def run(self, stop: threading.Event) -> int:
        """Work until `stop` is set, then give everything back; the exit status. Blocks."""


def run_service(name: str, build: Callable[[Settings], Service]) -> int:
    """Load the settings, log, measure, build and run until SIGTERM or SIGINT. Call from the main thread.

    Returns 0 after a clean stop, 1 after a failure, 2 (with one line on stderr) after a `UserError`.
    """
    try:
        settings = load_settings()
        configure_logging(settings.log, service=name, redis=connect(settings.known_redis_url))
        service = build(settings)
        metrics.serve(settings.metrics)
        stop = Stop()
        stop_on_signals(stop)
        threading.Thread(target=_end_at_last, args=(stop,), name="end-at-last", daemon=True).start()
        return service.run(stop)
    except UserError as error:
        sys.stderr.write(f"argus {name}: {error}\n")
        return USER_ERROR_STATUS


def _end_at_last(stop: Stop) -> None:
    """Whatever hangs after a stop: the process ends, so that a new one can take up its work."""
    stop.wait()
    time.sleep(stop.grace_s + _HUNG_AFTER_S)
    log.error("service_hung")
    os._exit(1)
