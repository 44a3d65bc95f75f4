"""Bodies where none belongs, over a real connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.gateway.listening import Site

HANDSHAKE = (
    "GET /securevision/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.mark.parametrize(
    "body", ["Content-Length: 1\r\n\r\nx", "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"]
)
def test_a_handshake_with_a_body_is_answered(site: Site, body: str) -> None:
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=60) as client:
        client.sendall((HANDSHAKE + body).encode())
        told = b""
        while b"no handshake of a WebSocket" not in told and (piece := client.recv(4096)):
            told += piece
    assert told.startswith(b"HTTP/1.1 422 ")
    assert b'{"detail":"This is no handshake of a WebSocket.' in told


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_a_mebibyte_that_nobody_reads_is_a_413(site: Site, *, chunked: bool) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(17):
            yield b"x" * 65_536

    headers = {"Authorization": f"Bearer {site.server.keys['alice']}"}
    content = pieces() if chunked else b"".join(pieces())
    answer = httpx.post(f"{site.server.url}/securevision/cleanup", headers=headers, content=content, timeout=60)
    assert (answer.status_code, list(answer.json())) == (413, ["detail"])
