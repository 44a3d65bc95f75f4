"""Work that is done when something was committed, and now and then by itself."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from shared.domain.backoff import doubling_s
from shared.domain.errors import Transient
from shared.observability import get_logger

log = get_logger("brain.woken")

_BACKOFF_CAP_S = 5.0


class Woken(ABC):
    """Drains whatever it is for. `wake` it after every commit; it looks by itself every `interval_s`."""

    def __init__(self, *, interval_s: float) -> None:
        self._interval_s = interval_s
        self._wake = threading.Event()

    @abstractmethod
    def drain(self) -> int:
        """Do what there is to do now; how much that was.

        Raises `redis.exceptions.RedisError`, `sqlalchemy.exc.OperationalError`, and `Transient` when the broker is
        away.
        """

    def wake(self) -> None:
        """Something was committed."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Drain until `stop` is set (call `wake` then, to be quick). A lost Redis or database is waited out."""
        failures = 0
        while not stop.is_set():
            try:
                self.drain()
                failures = 0
            except (RedisError, OperationalError, Transient) as error:
                failures += 1
                log.warning("draining_waits", of=type(self).__name__, reason=str(error)[:200])
                stop.wait(doubling_s(failures, base_s=0.2, cap_s=_BACKOFF_CAP_S))
                continue
            self._wake.wait(self._interval_s)
            self._wake.clear()
