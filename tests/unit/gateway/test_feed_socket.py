"""The WebSocket of a feed, over a connection of which the test says what comes when."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence

import pytest
from websockets.frames import Frame, Opcode

from services.gateway.live.permission import Permission
from services.gateway.live.stream import Connection
from services.gateway.live.websocket import FeedSocket
from tests.unit.gateway.test_feed import Table

HANDSHAKE = (
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
)
CLOSE = Frame(Opcode.CLOSE, (1000).to_bytes(2, "big"))
MARK = Frame(Opcode.PING, b"mark")
"""Answered by the protocol itself: by then all that came before was looked at."""
PONG = json.dumps({"type": "pong", "data": "ping"}).encode()


def test_a_ping_that_comes_while_the_socket_closes_gets_no_answer_and_breaks_nothing() -> None:
    told = asyncio.run(_told([Frame(Opcode.TEXT, b"ping")], refused="Authentication required"))
    assert PONG not in told
    assert told.endswith(b"Authentication required")


@pytest.mark.parametrize(
    "pieces",
    [
        [Frame(Opcode.TEXT, b"ping")],
        [Frame(Opcode.TEXT, b"pi", fin=False), Frame(Opcode.CONT, b"ng")],
        [Frame(Opcode.TEXT, b"", fin=False), Frame(Opcode.PING, b"x"), Frame(Opcode.CONT, b"ping")],
        [Frame(Opcode.TEXT, b"x"), Frame(Opcode.TEXT, b"ping")],
    ],
)
def test_a_ping_is_answered_once_whole_or_in_pieces(pieces: list[Frame]) -> None:
    assert _conversation(*pieces).count(PONG) == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [Frame(Opcode.BINARY, b"ping")],
        [Frame(Opcode.BINARY, b"pi", fin=False), Frame(Opcode.CONT, b"ng")],
        [Frame(Opcode.TEXT, b"ping", fin=False), Frame(Opcode.CONT, b"!")],
        [Frame(Opcode.TEXT, b"ping", fin=False), Frame(Opcode.CONT, b"", fin=False)],
    ],
)
def test_what_is_no_text_ping_is_not_answered(pieces: list[Frame]) -> None:
    assert PONG not in _conversation(*pieces)


def _conversation(*frames: Frame) -> bytes:
    """All that a client is told that sends these frames at once, together with its handshake, and closes afterwards."""
    return asyncio.run(_told(frames, refused=None))


async def _told(frames: Sequence[Frame], *, refused: str | None) -> bytes:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=theirs)
    sent = [*frames, CLOSE] if refused else [*frames, MARK]
    serving = asyncio.create_task(_served(ours, early=b"".join(_serialized(each) for each in sent), refused=refused))
    async with asyncio.timeout(60):
        told = b"" if refused else await reader.readuntil(b"\x8a\x04mark")
        if not refused:
            writer.write(_serialized(CLOSE))
        told += await reader.read()
        await serving
    writer.close()
    return told


def _serialized(frame: Frame) -> bytes:
    return frame.serialize(mask=True)


async def _served(sock: socket.socket, *, early: bytes, refused: str | None) -> None:
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    _, connection = await loop.connect_accepted_socket(lambda: Connection(early=early), sock)
    stream = FeedSocket(
        Table().feed(),
        path="/stream",
        headers=HANDSHAKE,
        account_id=None,
        permission=Permission(lambda: True),
        refused=refused,
    )
    try:
        await stream.run(connection)
    finally:
        connection.close()
