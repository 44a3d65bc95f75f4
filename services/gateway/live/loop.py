"""The one thread of a worker process on which all its streams run."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.gateway.live.stream import STALL_S, Connection, Gone, Stream
from shared.observability import get_logger

log = get_logger("gateway.live")

FINISH_S = 1.0
"""How long streams may take to say good-bye when the gateway stops: less than a stop may take in all."""

_KERNEL_BYTES: Final = 64 * 1024
"""What the kernel may keep for a client: by itself it would keep megabytes, old news that nobody counts as lost."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A connection that is the loop's from now on: what is to be sent first, and what the client sent early."""

    sock: socket.socket
    stream: Stream
    head: bytes
    early: bytes
    ended: Callable[[], None]


class StreamLoop:
    """Takes connections from any thread and runs their streams. Its thread starts with the first one."""

    def __init__(self, *, stall_s: float = STALL_S) -> None:
        self._stall_s = stall_s
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = False
        self._empty = threading.Event()

    def take(self, handed: Handed) -> None:
        """Serve the connection from now on; returns at once."""
        with self._lock:
            if self._loop is None:
                self._loop = self._started()
        self._loop.call_soon_threadsafe(self._begin, handed)

    def end_soon(self) -> None:
        """Let every stream say good-bye. Returns at once; may be called in a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end)

    def wait_until_ended(self, timeout_s: float) -> bool:
        """Whether all streams have ended by then. Blocks; call `end_soon` before."""
        return self._loop is None or self._empty.wait(timeout_s)

    def _started(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        threading.Thread(target=_run, args=(loop,), name="streams", daemon=True).start()
        return loop

    def _begin(self, handed: Handed) -> None:
        if self._ending:
            handed.sock.close()
            handed.ended()
            return
        task = asyncio.get_running_loop().create_task(self._serve(handed))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._ending and not self._tasks:
            # Once more around the loop: what was sent last is on its way then.
            asyncio.get_running_loop().call_later(0.01, self._empty.set)

    def _end(self) -> None:
        self._ending = True
        for task in tuple(self._tasks):
            task.cancel()
        if not self._tasks:
            self._empty.set()

    async def _serve(self, handed: Handed) -> None:
        try:
            await self._connected(handed)
        except (Gone, OSError, asyncio.CancelledError):
            pass  # the client has left, waits no longer, or the gateway stops: nobody waits for more
        except Exception:  # boundary: one broken stream must not end the others
            log.exception("stream_failed", kind=handed.stream.kind)
        finally:
            handed.ended()

    async def _connected(self, handed: Handed) -> None:
        handed.sock.setblocking(False)
        handed.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)
        _, connection = await asyncio.get_running_loop().connect_accepted_socket(
            lambda: Connection(head=handed.head, early=handed.early, stall_s=self._stall_s), handed.sock
        )
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 – for the type checker: we run in one
        connection.belongs_to(task)
        try:
            await handed.stream.run(connection)
        except asyncio.CancelledError:
            if self._ending and not connection.gone:
                await _finish(handed.stream, connection)
        finally:
            connection.close()


async def _finish(stream: Stream, connection: Connection) -> None:
    try:
        async with asyncio.timeout(FINISH_S):
            await stream.finish(connection)
    except TimeoutError:
        connection.abort()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
