"""What a stream is, and the connection it talks to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

STALL_S = 50.0
"""How long a client may take nothing of what waits for it, before it counts as dead."""

_UNREAD_BYTES = 64 * 1024
_FAREWELL_S = 5.0


class Gone(Exception):
    """The client is not there any more."""


class Stream:
    """One answer that goes on. `run` talks to the connection and returns when all is said.

    It runs on the one loop that all streams of a process share: it must never block, and do no more than a
    millisecond's work at a time. It is cancelled as soon as the client has left, and when the gateway stops.
    """

    kind: ClassVar[str]
    """What metrics call it: a word out of a few."""

    async def run(self, connection: Connection) -> None:
        raise NotImplementedError

    async def finish(self, connection: Connection) -> None:
        """Say good-bye, because the gateway stops: after `run` was cancelled, and for a second at most."""


class Connection(asyncio.Protocol):
    """The client's end of a stream; to be used on the loop's own thread.

    Memory is bounded: `send` waits while 64 KiB wait for the client. A client that takes nothing of them for `stall_s`
    is dropped; what it sends meanwhile is not read. `head` goes before what is sent first; `early` was read before.
    """

    def __init__(self, *, head: bytes = b"", early: bytes = b"", stall_s: float = STALL_S) -> None:
        self.heard_at = 0.0
        """The loop's time at which the client last sent anything."""
        self._loop = asyncio.get_running_loop()
        self._stall_s = stall_s
        self._head = head
        self._early = bytearray(early)
        self._listener: Callable[[bytes], None] | None = None
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._stalled: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._gone = False

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        return self._gone

    @property
    def waiting_bytes(self) -> int:
        """What was sent and the client's side of the network has not taken yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    async def send(self, data: bytes) -> None:
        """Send, and wait while the client is behind. Raises `Gone`."""
        self.send_now(data)
        if not self._writable.is_set():
            await self._writable.wait()
        if self._gone:
            raise Gone

    def send_now(self, data: bytes) -> None:
        """Send without waiting: for little that answers something. Raises `Gone`."""
        if self._gone or self._transport is None or self._transport.is_closing():
            raise Gone
        self._transport.write(self._head + data)
        self._head = b""

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Have all that the client sends given to `listener`, and b"" once at its end.

        Nobody listening, it is thrown away, and its end means that the client has left.
        """
        self._listener = listener
        self.heard_at = self._loop.time()
        early, self._early = bytes(self._early), bytearray()
        if early:
            listener(early)

    def abort(self) -> None:
        """Drop the client at once."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Send what is left, then close; never blocks."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.close()
        self._loop.call_later(_FAREWELL_S, self._transport.abort)

    def belongs_to(self, task: asyncio.Task[None]) -> None:
        """Have this task cancelled when the client leaves."""
        self._task = task

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 – for the type checker: it is a TCP socket
        self._transport = transport
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        if self._listener is not None:
            self._listener(data)
        elif len(self._early) < _UNREAD_BYTES:
            self._early += data

    def eof_received(self) -> bool:
        if self._listener is None:
            return False
        self._listener(b"")
        return True

    def pause_writing(self) -> None:
        self._writable.clear()
        # Who does not read gets no answers either: they would pile up.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._stalled = self._loop.call_later(self._stall_s, self.abort)

    def resume_writing(self) -> None:
        self._writable.set()
        self._forget_stall()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, _: Exception | None) -> None:
        self._gone = True
        self._forget_stall()
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def _forget_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
