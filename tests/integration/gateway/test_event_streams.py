"""SecureVision's WebSocket and the native Server-Sent Events, from a gateway of two workers."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil
import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from services.gateway.live.feed import LATE_S
from shared.accounts.users import account_named
from shared.db.engine import connect as connect_database
from shared.db.tables import Recognition
from tests.conftest import SHARED
from tests.integration.gateway.server import Server, StartServer
from tests.system import require
from tests.unit.gateway.installation import FACE, PASSWORD, RTSP, event, recognition

PAGE = SHARED / "contracts" / "securevision.txt"
# How deep each line of the page's Python program stands: the page has lost it.
DEPTHS = (0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 4, 5, 5, 4, 5, 5, 3, 4, 4, 0)
STREAMS = ("/securevision/stream", "/events/stream", "/cameras/cam_001/live.mjpeg")
Wait = Callable[..., Any]


class Site:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.engine = connect_database(f"sqlite:///{server.log.parent / 'data' / 'argus.db'}")

    def store(self, *, who: str = "alice", **values: Any) -> int:
        """A recognition that is committed now; its number."""
        return self._stored(lambda account: recognition(account_id=account, **values), who)

    def store_event(self, *, who: str = "alice", **values: Any) -> int:
        return self._stored(lambda account: event(account_id=account, **values), who)

    def store_many(self, data: list[dict[str, Any]]) -> list[int]:
        """Alice's, committed at once."""
        with Session(self.engine) as session:
            account = account_named(session, "alice").id
            rows = [recognition(account_id=account, data=each) for each in data]
            session.add_all(rows)
            session.commit()
            return [row.id for row in rows]

    def _stored(self, make: Callable[[int], Any], who: str) -> int:
        with Session(self.engine) as session:
            row = make(account_named(session, who).id)
            session.add(row)
            session.commit()
            return int(row.id)

    def socket(self, query: str = "", *, who: str | None = "alice", **more: Any) -> ClientConnection:
        headers = {"Authorization": f"Bearer {self.server.keys[who]}"} if who else {}
        url = self.server.url.replace("http", "ws") + f"/securevision/stream{query}"
        opened: ClientConnection = connect(url, additional_headers=headers, open_timeout=15, **more)
        return opened

    def clients(self) -> int:
        answer = httpx.get(f"{self.server.url}/securevision/health", timeout=10)
        return int(answer.json()["ws_clients"])


@pytest.fixture(scope="module")
def site(server: Server) -> Iterator[Site]:
    """One gateway for all tests but those that end it."""
    made = Site(server)
    yield made
    made.engine.dispose()


@pytest.fixture
def own(start: StartServer) -> Iterator[Callable[..., Site]]:
    """Starts a gateway of the test's own."""
    made: list[Site] = []

    def begin(*, enabled: bool = True) -> Site:
        made.append(Site(start(ARGUS_SECUREVISION__WS_ENABLED=str(enabled).lower())))
        return made[-1]

    yield begin
    for each in made:
        each.engine.dispose()


def heard(client: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(client.recv(timeout=15))
    return message


def test_what_is_stored_is_sent_to_whom_it_belongs(site: Site) -> None:
    with site.socket() as alice, site.socket(who="bob") as bob, site.socket(who="boss") as boss:
        for client in (alice, bob, boss):
            client.send("ping")
            assert heard(client) == {"type": "pong", "data": "ping"}
        # A client is heard of once its socket is open; give the feed its first look.
        first = site.store()
        sent = heard(alice)
        assert list(sent) == ["type", "id", "ts_ms", "frame_source_id", "payload"]
        assert sent["id"] == first
        other = site.store(who="bob")
        assert heard(bob)["id"] == other
        assert [heard(boss)["id"] for _ in range(2)] == [first, other]
        with pytest.raises(TimeoutError):
            alice.recv(timeout=0.5)


def test_what_was_missed_is_replayed_without_gap_or_double(site: Site) -> None:
    numbers: list[int] = []

    def write() -> None:
        for _ in range(120):
            numbers.append(site.store())
            time.sleep(0.002)

    numbers.append(site.store())
    writer = threading.Thread(target=write)
    writer.start()
    with site.socket(f"?since_id={numbers[0] - 1}") as client:
        writer.join()
        got = [heard(client)["id"] for _ in range(len(numbers))]
        with pytest.raises(TimeoutError):
            client.recv(timeout=0.5)
    assert sorted(got) == numbers
    with site.socket(f"?since_id={numbers[100]}") as client:
        assert [heard(client)["id"] for _ in range(20)] == numbers[101:]


@pytest.mark.parametrize("carrier", ["query", "protocol"])
def test_a_token_comes_in_the_address_or_as_a_protocol(site: Site, carrier: str) -> None:
    key = site.server.keys["alice"]
    query = f"?token={key}" if carrier == "query" else ""
    more = {"subprotocols": [key]} if carrier == "protocol" else {}
    with site.socket(query, who=None, **more) as client:
        client.send("ping")
        assert heard(client)["type"] == "pong"


@pytest.mark.parametrize("query", ["", "?token=sk-wrong", "?since_id=x"])
def test_who_may_not_listen_is_told_so_and_closed(site: Site, query: str) -> None:
    with site.socket(query, who=None) as client, pytest.raises(ConnectionClosed):
        client.recv(timeout=15)
    assert client.close_code == 1008
    assert httpx.get(f"{site.server.url}/securevision/stream", timeout=10).status_code == 426


def test_where_it_is_disabled_it_closes_with_1008(own: Callable[..., Site]) -> None:
    made = own(enabled=False)
    with made.socket() as client, pytest.raises(ConnectionClosed):
        client.recv(timeout=15)
    assert (client.close_code, client.close_reason) == (1008, "WebSocket not enabled")


def test_clients_are_counted_and_told_of_a_restart(own: Callable[..., Site], wait_until: Wait) -> None:
    site = own()
    with site.socket() as one, site.socket() as two:
        wait_until(lambda: site.clients() == 2, 20, "both clients to be counted")
        site.server.child.terminate()
        for client in (one, two):
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=15)
            assert client.close_code == 1012


def test_the_one_too_many_of_an_account_is_429_and_leaves_the_others_alone(start: StartServer) -> None:
    site = Site(start(ARGUS_GATEWAY__WORKERS="1", ARGUS_GATEWAY__STREAMS_PER_ACCOUNT="2"))
    with site.socket() as one, site.socket(who="bob"):
        with site.socket():
            with pytest.raises(InvalidStatus) as refused:
                site.socket()
            answer = refused.value.response
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
            assert json.loads(answer.body) == {"detail": "An account may have 2 streams open at once; close one first"}
            one.send("ping")
            assert heard(one)["type"] == "pong"
            number = site.store()
            assert heard(one)["id"] == number
        # Whoever leaves makes room.
        _opened_in_time(site)
    site.engine.dispose()


def _opened_in_time(site: Site) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            with site.socket():
                return
        except InvalidStatus:
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.mark.parametrize("since", ["-1", "x", "", "1.5", "0x1", "2147483648", "1" + "0" * 30, "NaN", "1 or 1"])
def test_a_since_id_that_is_none_closes_with_1008_and_says_why(site: Site, since: str) -> None:
    with site.socket(f"?since_id={quote(since)}") as client, pytest.raises(ConnectionClosed):
        client.recv(timeout=15)
    assert (client.close_code, client.close_reason) == (1008, "since_id must be a whole number from 0 to 2147483647")


def test_a_token_that_is_too_long_is_not_said_to_be_a_number(site: Site) -> None:
    with site.socket(f"?token={'x' * 1001}", who=None) as client, pytest.raises(ConnectionClosed):
        client.recv(timeout=15)
    assert (client.close_code, client.close_reason) == (1008, "token must have 1000 characters at most")


def test_a_since_id_beyond_all_or_of_others_replays_nothing_of_theirs_and_misses_nothing_new(site: Site) -> None:
    others = site.store(who="bob")
    with site.socket(f"?since_id={2**31 - 1}") as beyond, site.socket(f"?since_id={others - 1}") as behind:
        for client in (beyond, behind):
            client.send("ping")
            assert heard(client)["type"] == "pong"
        number = site.store()
        assert [heard(client)["id"] for client in (beyond, behind)] == [number, number]


def test_numbers_that_are_given_anew_are_told_of(own: Callable[..., Site]) -> None:
    """SQLite counts on from the newest row that is left: retention may have deleted the newest ones."""
    site = own()
    with site.socket() as client:
        client.send("ping")
        assert heard(client)["type"] == "pong"
        first = site.store()
        assert heard(client)["id"] == first
        time.sleep(LATE_S + 1)  # until the feed looks no more for numbers below
        with Session(site.engine) as session:
            session.execute(delete(Recognition))
            session.commit()
        time.sleep(1)
        again = site.store(kind="plate_read", data={"plate_text": "AB123"})
        assert again <= first
        assert heard(client)["payload"]["plate_text"] == "AB123"


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


def test_a_slow_client_is_told_how_many_it_lost_and_slows_nobody(site: Site) -> None:
    """One that reads nothing while more is stored than its queue and the buffers on the way hold."""
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


def test_events_are_sent_and_replayed_as_server_sent_events(site: Site) -> None:
    first, second = site.store_event(), site.store_event()
    site.store_event(who="bob")
    headers = {"X-API-Key": site.server.keys["alice"], "Last-Event-ID": str(first)}
    with httpx.stream("GET", f"{site.server.url}/events/stream", headers=headers, timeout=15) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert _next_event(lines)[0] == second
        third = site.store_event(label="car")
        number, data = _next_event(lines)
        assert (number, data["detection_type"]) == (third, "car")
    wrong = {"X-API-Key": site.server.keys["alice"], "Last-Event-ID": "x"}
    assert httpx.get(f"{site.server.url}/events/stream", headers=wrong, timeout=10).status_code == 400
    assert httpx.get(f"{site.server.url}/events/stream", timeout=10).status_code == 401


def _next_event(lines: Iterator[str]) -> tuple[int, dict[str, Any]]:
    number = 0
    for line in lines:
        if line.startswith("id: "):
            number = int(line[4:])
        if line.startswith("data: "):
            return number, json.loads(line[6:])
    raise EOFError


def test_the_pages_python_client_runs_as_it_stands(site: Site, tmp_path: Path) -> None:
    page = _page()
    start = page.index("import asyncio\n")
    lines = page[start : page.index("asyncio.run(stream_events())") + 28].splitlines()
    text = "\n".join("    " * depth + line for depth, line in zip(DEPTHS, lines, strict=True))
    file = tmp_path / "client.py"
    file.write_text(_pointed(text, site))
    _says(site, [sys.executable, "-u", str(file)])


def test_the_pages_javascript_client_runs_as_it_stands(site: Site, tmp_path: Path) -> None:
    require("nodejs", shutil.which("node"))
    page = _page()
    start = page.index("const ws = new WebSocket(")
    text = page[start : page.index("30 seconds", start) + 10]
    file = tmp_path / "client.js"
    file.write_text(_pointed(text, site))
    _says(site, ["node", "--experimental-websocket", str(file)])


def _page() -> str:
    if not PAGE.is_file():
        pytest.skip("the page of the contract is not here")
    return PAGE.read_text(encoding="utf-8")


def _pointed(text: str, site: Site) -> str:
    usual = "ws://localhost:8000/stream"
    assert usual in text
    address = site.server.url.replace("http", "ws")
    return text.replace(usual, f"{address}/securevision/stream?token={site.server.keys['alice']}")


def _says(site: Site, command: list[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        assert client.stdout is not None
        assert "Connected" in client.stdout.readline()
        site.store(kind="face_match", data={"person_name": "Jane Smith", "similarity": 0.9, "bbox": [1, 2, 3, 4]})
        assert "Jane Smith" in client.stdout.readline()
        client.terminate()
