"""An asyncio loop beside threads, for libraries that can be used in no other way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, TypeVar

from shared.domain.errors import Transient

T = TypeVar("T")

_GRACE_S = 1.0


class LoopThread:
    """One loop on a thread of its own, started by the first call. Thread-safe."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._running: set[Future[Any]] = set()

    def run(self, work: Callable[[], Coroutine[Any, Any, T]], *, timeout_s: float) -> T:
        """What the coroutine returns or raises. Blocks up to `timeout_s`.

        Raises `Transient` when that is over, and when it is broken off.
        """
        future = self.begin(lambda: asyncio.wait_for(work(), timeout_s))
        with self._lock:
            self._running.add(future)
        try:
            # The loop keeps the time; the grace is for a loop that a library holds up.
            return future.result(timeout=timeout_s + _GRACE_S)
        except (TimeoutError, FutureTimeoutError):
            future.cancel()
            raise Transient(f"no complete reply within {timeout_s:.3g} s") from None
        except CancelledError:
            raise Transient("broken off") from None
        finally:
            with self._lock:
                self._running.discard(future)

    def begin(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        """Start the coroutine and return at once; to cancel the future cancels the coroutine."""

        async def made_there() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(made_there(), self._started())

    def abort(self) -> None:
        """Break off everything that `run` waits for."""
        with self._lock:
            running = list(self._running)
        for future in running:
            future.cancel()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """End what runs, then `last`, then the thread. Blocks for three seconds at most."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        self.abort()
        asyncio.run_coroutine_threadsafe(_wind_up(loop, last), loop)
        thread.join(timeout=_GRACE_S * 3)
        if not thread.is_alive():
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
                self._thread.start()
            return self._loop


async def _wind_up(loop: asyncio.AbstractEventLoop, last: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
    try:
        others = asyncio.all_tasks(loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if last is not None:
            await asyncio.wait_for(last(), _GRACE_S)
    finally:
        loop.stop()
