"""An asyncio loop on a thread of its own, for channels whose library knows no other way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from shared.domain.errors import Transient

T = TypeVar("T")

_BLOCKING_CALLS = 16
_END_S = 2.0
# For a loop that is late itself.
_MARGIN_S = 1.0


class LoopThread:
    """Runs coroutines for other threads, many at a time. The thread starts with the first. Thread-safe."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._running: set[Future[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        # A name server that hangs holds up a thread, for as long as the system's resolver has patience.
        self._blocking = ThreadPoolExecutor(_BLOCKING_CALLS, thread_name_prefix=name)
        self._closed = False

    def run(self, work: Callable[[], Coroutine[Any, Any, T]], *, timeout_s: float) -> T:
        """What the coroutine gives. Blocks up to `timeout_s`; raises what it raises.

        Raises `Transient` when time runs out, and when the work is broken off.
        """
        future = self._begin(work, timeout_s)
        try:
            return future.result(timeout_s + _MARGIN_S)
        except CancelledError:
            raise Transient("broken off before it was done") from None
        except TimeoutError:
            future.cancel()
            raise Transient(f"not done within {timeout_s:g} s") from None
        finally:
            with self._lock:
                self._running.discard(future)

    def abort(self) -> None:
        """Break off everything that runs."""
        with self._lock:
            running = list(self._running)
        for future in running:
            future.cancel()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Break off what runs, do `last` where anything ever ran, and end the thread. Blocks for 4 s at most.

        A second time changes nothing.
        """
        self.abort()
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        if last is not None:
            with suppress(TimeoutError, CancelledError):
                asyncio.run_coroutine_threadsafe(_within(last, _END_S / 2), loop).result(_END_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_END_S)
        self._blocking.shutdown(wait=False, cancel_futures=True)

    def _begin(self, work: Callable[[], Coroutine[Any, Any, T]], timeout_s: float) -> Future[T]:
        with self._lock:
            if self._closed:
                raise Transient("the channel is closed")
            future = asyncio.run_coroutine_threadsafe(_within(work, timeout_s), self._started())
            self._running.add(future)
            return future

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_default_executor(self._blocking)
            self._thread = threading.Thread(target=_serve, args=(self._loop,), name=self._name, daemon=True)
            self._thread.start()
        return self._loop


async def _within(work: Callable[[], Coroutine[Any, Any, T]], timeout_s: float) -> T:
    async with asyncio.timeout(timeout_s):
        return await work()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    finally:
        loop.close()
