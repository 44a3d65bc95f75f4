"""Streams: a connection that a view hands over is served by no thread, and by nobody twice."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.conftest import PROJECT
from tests.integration.gateway.server import free_port
from tests.integration.gateway.ticking import application
from tests.processes import Processes


class Site:
    def __init__(self, child: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.child, self.port, self.log = child, port, log
        self.url = f"http://127.0.0.1:{port}"

    def open(self, kind: str, *, early: bytes = b"", receive_bytes: int | None = None) -> socket.socket:
        client = socket.socket()
        if receive_bytes is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.settimeout(30)
        client.connect(("127.0.0.1", self.port))
        client.sendall(f"GET /streams/{kind} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + early)
        return client

    def state(self) -> dict[str, int]:
        found: dict[str, int] = httpx.get(f"{self.url}/state", timeout=10).json()
        return found


@pytest.fixture
def site(processes: Processes, tmp_path: Path, wait_until: Callable[..., object]) -> Iterator[Site]:
    """gunicorn with one worker of two threads."""
    port, log = free_port(), tmp_path / "gunicorn.log"
    words = ["-k", "services.gateway.worker.JsonWorker", "-w", "1", "--threads", "2", "--graceful-timeout", "2"]
    words += ["--no-control-socket", "-b", f"127.0.0.1:{port}", "tests.integration.gateway.ticking:application"]
    child = processes.start(
        [sys.executable, "-m", "gunicorn", *words], env={"HOME": str(tmp_path)}, cwd=PROJECT, output=log
    )
    found = Site(child, port, log)

    def answers() -> bool:
        try:
            return bool(found.state())
        except httpx.TransportError:
            return False

    wait_until(answers, 60, "gunicorn to answer")
    yield found
    child.send_signal(signal.SIGTERM)
    child.wait(20)


def _until(client: socket.socket, wanted: bytes) -> bytes:
    received = b""
    while wanted not in received:
        piece = client.recv(65536)
        if not piece:
            break
        received += piece
    return received


def test_more_streams_than_threads_are_served_at_once(site: Site) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(site.open("ticks")) for _ in range(40)]
        heard = [_until(client, b"tick 3\n") for client in clients]
        state = site.state()
    assert all(b"tick 3\n" in each for each in heard)
    assert state["ticks"] == 40
    assert state["threads"] <= 5


def test_the_head_is_that_of_the_view_without_a_length(site: Site) -> None:
    with site.open("ticks") as client:
        head = _until(client, b"tick 0\n").partition(b"\r\n\r\n")[0].decode().lower()
    assert head.startswith("http/1.1 200 ok\r\n")
    assert "x-kept: yes" in head
    assert "connection: close" in head
    assert "content-length" not in head
    assert "transfer-encoding" not in head


def test_who_leaves_gives_his_place_back_at_once(site: Site, wait_until: Callable[..., object]) -> None:
    client = site.open("ticks")
    _until(client, b"tick 0\n")
    client.close()
    wait_until(lambda: site.state()["ticks"] == 0, 20, "the place to be free")


def test_a_client_that_does_not_read_is_waited_for_and_holds_up_nobody(site: Site) -> None:
    with site.open("flood", receive_bytes=4096) as slow, site.open("ticks") as other:
        _until(slow, b"x")
        before = _memory_kib(site)
        _until(other, b"tick 40\n")
        assert _memory_kib(site) - before < 20_000


def test_what_was_sent_right_behind_the_request_is_not_lost(site: Site) -> None:
    with site.open("echo", early=b"early bird\n") as client:
        assert b"early bird\n" in _until(client, b"early bird\n")
        client.sendall(b"and more\n")
        assert b"and more\n" in _until(client, b"and more\n")


def test_a_broken_stream_ends_alone(site: Site, wait_until: Callable[..., object]) -> None:
    with site.open("ticks") as other, site.open("broken") as broken:
        assert b"so far" in _until(broken, b"never")
        assert b"tick 10\n" in _until(other, b"tick 10\n")
    told = ("stream_failed", "on purpose")
    wait_until(lambda: any(words in site.log.read_text() for words in told), 10, "a line in the log")


def test_a_stop_lets_streams_say_good_bye_and_is_soon_over(site: Site) -> None:
    with site.open("ticks") as client, site.open("flood", receive_bytes=4096) as stuck:
        _until(client, b"tick 2\n")
        _until(stuck, b"x")
        began = time.monotonic()
        site.child.send_signal(signal.SIGTERM)
        assert _until(client, b"good-bye\n").endswith(b"good-bye\n")
        assert client.recv(100) == b""
        site.child.wait(20)
    assert time.monotonic() - began < 10  # two on a machine that does nothing else; ticks go on for fifty


def test_an_account_has_so_many_places_and_no_more(site: Site) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(site.open("ticks")) for _ in range(50)]
        for client in clients:
            _until(client, b"tick 0\n")
        answer = httpx.get(f"{site.url}/streams/ticks", timeout=10)
    assert answer.status_code == 429
    assert "50 streams" in answer.text


def test_head_is_answered_without_the_stream(site: Site) -> None:
    assert httpx.head(f"{site.url}/streams/ticks", timeout=10).headers["x-kept"] == "yes"
    assert site.state()["ticks"] == 0


def test_a_server_that_cannot_let_go_of_a_connection_is_told_apart() -> None:
    answer = application.test_client().get("/streams/ticks")
    assert answer.status_code == 501
    assert "python -m services.gateway" in answer.text


def _memory_kib(site: Site) -> int:
    """Of the worker, which is the master's only child."""
    children = Path(f"/proc/{site.child.pid}/task/{site.child.pid}/children").read_text().split()
    pages = int(Path(f"/proc/{children[0]}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
