"""Clients that are slow, dead, hostile or no longer permitted, and a worker that is killed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.integration.gateway.listening import Site, heard
from tests.integration.gateway.server import StartServer
from tests.unit.gateway.installation import FACE, PASSWORD, RTSP

STREAMS = ("/securevision/stream", "/events/stream", "/cameras/cam_001/live.mjpeg")
Wait = Callable[..., Any]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x81\x04ping",
        b"\x81\xff" + b"\xff" * 8 + b"abcd",
        b"\xf1\x80abcd",
        b"\x8a\xfe\x00\xffabcd" + b"x" * 255,
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_frames_that_are_none_end_their_own_connection_alone(site: Site, sent: bytes) -> None:
    with site.socket() as sound:
        request = (
            f"GET /securevision/stream?token={site.server.keys['alice']} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", site.server.port), timeout=15) as raw:
            raw.sendall(request.encode())
            assert raw.recv(4096).startswith(b"HTTP/1.1 101")
            raw.sendall(sent)
            while raw.recv(4096):
                pass
        number = site.store()
        assert heard(sound)["id"] == number


def _raw(site: Site) -> socket.socket:
    """A client of which the test says what it does."""
    client = socket.socket()
    # The kernel is to hold little for who reads nothing.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    client.settimeout(90)
    client.connect(("127.0.0.1", site.server.port))
    client.sendall(
        f"GET /securevision/stream?token={site.server.keys['alice']} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert client.recv(4096).startswith(b"HTTP/1.1 101")
    return client


def test_a_slow_client_is_told_how_many_it_lost_and_slows_nobody(start: StartServer) -> None:
    """One that reads nothing while more is stored than its queue and the buffers on the way hold."""
    # In the one worker, what one client heard of waits for the other one as well.
    site = Site(start(ARGUS_GATEWAY__WORKERS="1"))
    large = FACE | {"person_name": "x" * 60_000}
    with site.socket() as sound, _raw(site) as slow:
        sound.send("ping")
        assert heard(sound)["type"] == "pong"
        numbers = []
        for _ in range(12):
            numbers += site.store_many([large] * 50)
            assert [heard(sound)["id"] for _ in range(50)] == numbers[-50:]
        told = list(_frames(slow, until=numbers[-1]))
    lagged = [each["missed"] for each in told if each["type"] == "lagged"]
    got = [each["id"] for each in told if each["type"] != "lagged"]
    assert lagged
    assert len(got) + sum(lagged) == len(numbers)
    assert got == sorted(set(got))
    # The queue, and what the buffers on the way hold: 64 KiB each, of which a kernel makes some more.
    assert len(got) <= 256 + 16
    site.engine.dispose()


def _frames(client: socket.socket, *, until: int) -> Iterator[dict[str, Any]]:
    """What the server sent, up to the recognition of that number. Control frames are read over."""
    with client.makefile("rb") as file:
        while True:
            first, size = file.read(2)
            if size >= 126:
                size = int.from_bytes(file.read(2 if size == 126 else 8), "big")
            body = file.read(size)
            if first & 0x0F != 1:
                continue
            message: dict[str, Any] = json.loads(body)
            yield message
            if message.get("id") == until:
                return


def test_a_worker_that_is_killed_takes_its_own_clients_alone(own: Callable[..., Site], wait_until: Wait) -> None:
    """Those come back to another worker, and miss nothing."""
    site = own()
    with ExitStack() as open_ones:
        clients: list[ClientConnection] = []
        while len(clients) < 60 and len(_holders(site, clients)) < 2:
            clients.append(open_ones.enter_context(site.socket()))
            clients[-1].send("ping")
            assert heard(clients[-1])["type"] == "pong"
        first = site.store()
        assert {heard(client)["id"] for client in clients} == {first}
        psutil.Process(_holders(site, clients)[0]).kill()
        missed = site.store()
        gone = [client for client in clients if not _still_heard(client, missed)]
        assert 0 < len(gone) < len(clients)
        wait_until(lambda: site.clients() == len(clients) - len(gone), 60, "those of the dead worker to be forgotten")
        with site.socket(f"?since_id={first}") as again:
            assert heard(again)["id"] == missed


def _holders(site: Site, clients: Sequence[ClientConnection]) -> list[int]:
    """The processes of the workers that hold some of the clients' connections."""
    ports = {client.local_address[1] for client in clients}
    return [
        worker.pid
        for worker in psutil.Process(site.server.child.pid).children()
        if any(each.raddr and each.raddr.port in ports for each in worker.net_connections())
    ]


def _still_heard(client: ClientConnection, number: int) -> bool:
    try:
        return heard(client)["id"] == number
    except ConnectionClosed:
        return False


@pytest.mark.slow
def test_a_key_that_is_revoked_ends_what_it_opened(site: Site) -> None:
    with site.server.client() as alice, ExitStack() as streams:
        alice.post("/cameras", json={"id": "cam_001", "name": "Door", "rtsp_url": RTSP}).raise_for_status()
        asked = {"name": "screen", "scopes": ["read"]}
        made = httpx.post(f"{site.server.url}/auth/keys", json=asked, auth=("alice", PASSWORD), timeout=20).json()
        opened = [streams.enter_context(_opened(site, each, made["key"])) for each in STREAMS]
        alice.delete(f"/auth/keys/{made['id']}", headers={"X-API-Key": made["key"]}).raise_for_status()
        began = time.monotonic()
        for client in opened:
            while client.recv(65536):
                pass
    assert time.monotonic() - began < 60


@contextmanager
def _opened(site: Site, stream: str, key: str) -> Iterator[socket.socket]:
    more = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    socket_too = f"{more}Sec-WebSocket-Version: 13\r\n" if stream.startswith("/securevision") else ""
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=90) as client:
        client.sendall(
            f"GET {stream} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n"
            f"Authorization: Bearer {key}\r\n{socket_too}\r\n".encode()
        )
        assert client.recv(12)[9:12] in (b"200", b"101")
        yield client


@pytest.mark.slow
def test_a_peer_that_answers_no_heartbeat_is_dropped_within_a_minute(site: Site) -> None:
    began = time.monotonic()
    with _raw(site) as dead:
        while dead.recv(4096):
            pass
    assert time.monotonic() - began < 60
