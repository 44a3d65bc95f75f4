"""Connections that the server's threads let go of."""

from __future__ import annotations

import socket
import threading

from services.gateway.live.loop import Handed, StreamLoop
from services.gateway.live.stream import Connection, Stream


class OneWord(Stream):
    kind = "test"

    async def run(self, connection: Connection) -> None:
        await connection.send(b"word")


def test_the_kernel_keeps_little_for_a_client_that_does_not_read() -> None:
    """What waits there is old news by the time it is read, and nobody tells the client that anything is missing."""
    ours, theirs, ended = *_tcp_pair(), threading.Event()
    with ours.dup() as same, theirs:
        theirs.settimeout(60)
        StreamLoop().take(Handed(ours, OneWord(), b"", b"", ended.set))
        assert theirs.recv(4) == b"word"
        # Linux doubles what it is told, for its own bookkeeping.
        assert same.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 256 * 1024
    assert ended.wait(60)


def _tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        return server.accept()[0], theirs
