"""Asking several things at once with one deadline, so that one that hangs never hangs the answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Probe = Callable[[], Any]


class Probes:
    """Named questions, each asked on a thread of its own; at most one of each is under way."""

    def __init__(self, probes: Mapping[str, Probe], *, deadline_s: float) -> None:
        self._probes = dict(probes)
        self._deadline_s = deadline_s
        self._running: dict[str, Future[Any]] = {}
        self._threads = ThreadPoolExecutor(max_workers=len(self._probes), thread_name_prefix="probe")

    def ask(self) -> dict[str, Any]:
        """Every answer by name; None for what hangs or fails. Blocks for the deadline at most; not thread-safe."""
        for name, probe in self._probes.items():
            # A probe that still hangs from last time is not started again: hung threads must not pile up.
            if name not in self._running or self._running[name].done():
                self._running[name] = self._threads.submit(probe)
        wait(self._running.values(), timeout=self._deadline_s)
        return {name: _answer_of(future) for name, future in self._running.items()}

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Remembered(Generic[T]):
    """A value that costs time, made for whoever asks first and given to all who ask until it is `fresh_for_s` old.

    Whoever asks while it is made waits for it instead of making another. Thread-safe.
    """

    def __init__(
        self, make: Callable[[], T], *, fresh_for_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = make
        self._fresh_for_s = fresh_for_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._latest: tuple[float, T] | None = None

    def __call__(self) -> T:
        with self._lock:
            if self._latest is None or self._monotonic() - self._latest[0] >= self._fresh_for_s:
                made = self._make()
                # Its age counts from when it was ready: those who waited for it must not find it old.
                self._latest = (self._monotonic(), made)
            return self._latest[1]


def _answer_of(future: Future[Any]) -> Any:
    if not future.done():
        return None
    # Whatever a probe dies of, what it asked does not answer; why is in that component's own log.
    return None if future.exception() is not None else future.result()
