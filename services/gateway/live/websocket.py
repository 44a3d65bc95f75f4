"""A feed over a WebSocket (RFC 6455); the protocol is the library's, without its input and output."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Final

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from services.gateway.live.feed import Feed, Missed, News
from services.gateway.live.permission import Permission
from services.gateway.live.stream import Connection, Gone, Stream

HEARTBEAT_S: Final = 15.0
DEAD_S: Final = 40.0
"""Whoever has sent nothing for so long, not even an answer to a heartbeat, is gone."""
REFUSED: Final = 1008
RESTART: Final = 1012

_MOST_BYTES: Final = 64 * 1024
_FAREWELL_S: Final = 2.0


class FeedSocket(Stream):
    """Sends what a feed tells. `since` replays what is stored with a higher number first.

    A text `ping` is answered, everything else that clients send is ignored. Who is slow loses the oldest, and hears so.
    `headers` are those of a handshake that was looked at (`handshake_headers`).
    With `refused`, the socket is opened and closed with 1008 and that reason; so it is when the permission ends.
    """

    kind = "websocket"

    def __init__(
        self,
        feed: Feed,
        *,
        path: str,
        headers: Sequence[tuple[str, str]],
        account_id: int | None,
        permission: Permission,
        since: int | None = None,
        refused: str | None = None,
    ) -> None:
        self._feed = feed
        self._request = Request(path, Headers(headers))
        self._account_id = account_id
        self._permission = permission
        self._since = since
        self._refused = refused
        self._protocol = ServerProtocol(select_subprotocol=_first, max_size=_MOST_BYTES)
        self._over = asyncio.Event()
        self._connection: Connection | None = None
        self._is_text = False
        self._message = bytearray()

    async def run(self, connection: Connection) -> None:
        self._connection = connection
        if self._refused is not None:
            if await self._opened():
                await self._close(REFUSED, self._refused)
            return
        async with self._feed.follow(self._account_id, since=self._since, idle_s=HEARTBEAT_S) as news:
            # Who is told that the socket is open may rely on hearing of everything from then on.
            if await self._opened():
                await self._talk(connection, news)

    async def _opened(self) -> bool:
        """Answer the client's request; whether there is a WebSocket now."""
        # The library reads a connection from its first byte on.
        self._protocol.receive_data(self._request.serialize())
        for request in self._protocol.events_received():
            if isinstance(request, Request):
                self._protocol.send_response(self._protocol.accept(request))
        await self._flush()
        return self._protocol.state is State.OPEN

    async def _talk(self, connection: Connection, news: News) -> None:
        connection.listen(self._heard)
        tasks = {asyncio.create_task(each) for each in (self._beat(connection), self._over.wait(), self._tell(news))}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._flush()

    async def finish(self, connection: Connection) -> None:
        if self._protocol.state is State.OPEN:
            await self._close(RESTART, "the server restarts")

    async def _tell(self, news: News) -> None:
        async for each in news:
            if each is None:
                continue
            if not self._permission.stands():
                await self._close(REFUSED, "no longer permitted")
                return
            text = json.dumps({"type": "lagged", "missed": each.count}) if isinstance(each, Missed) else each.text
            await self._send(text)

    async def _beat(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if loop.time() - connection.heard_at > DEAD_S:
                connection.abort()
                return
            if not await self._permission.holds():
                await self._close(REFUSED, "no longer permitted")
                return
            self._protocol.send_ping(b"argus")
            await self._flush()

    def _heard(self, data: bytes) -> None:
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            # A socket that closes says nothing more, whatever came just before.
            if isinstance(event, Frame) and self._is_ping(event) and self._protocol.state is State.OPEN:
                self._protocol.send_text(json.dumps({"type": "pong", "data": "ping"}).encode())
        try:
            self._flush_now()
        except Gone:
            self._over.set()
        if self._protocol.state is not State.OPEN:
            self._over.set()

    def _is_ping(self, frame: Frame) -> bool:
        """Whether a text message `ping` ends with this frame, in however many pieces it came."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text, self._message = frame.opcode is Opcode.TEXT, bytearray()
        elif frame.opcode is not Opcode.CONT:
            return False
        self._message += frame.data  # the library bounds what a message may hold
        return frame.fin and self._is_text and self._message == b"ping"

    async def _send(self, text: str) -> None:
        if self._protocol.state is not State.OPEN:
            raise Gone
        self._protocol.send_text(text.encode())
        await self._flush()

    async def _close(self, code: int, reason: str) -> None:
        self._protocol.send_close(code, reason)
        await self._flush()
        # The client answers, and then hangs up; whoever does not is hung up on.
        if self._connection is not None and not self._over.is_set():
            self._connection.listen(self._heard)
            try:
                await asyncio.wait_for(self._over.wait(), _FAREWELL_S if self._refused is not None else 0.3)
            except TimeoutError:
                return

    async def _flush(self) -> None:
        assert self._connection is not None  # noqa: S101 – for the type checker: set before anything is sent
        for chunk in self._protocol.data_to_send():
            if chunk:
                await self._connection.send(chunk)

    def _flush_now(self) -> None:
        assert self._connection is not None  # noqa: S101 – as above
        for chunk in self._protocol.data_to_send():
            if chunk:
                self._connection.send_now(chunk)


def _first(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Clients that cannot send headers offer their token as a subprotocol, and want one of theirs back."""
    return offered[0] if offered else None
