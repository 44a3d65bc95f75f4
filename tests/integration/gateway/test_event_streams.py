"""SecureVision's WebSocket and the native Server-Sent Events, from a gateway of two workers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session
from websockets.exceptions import ConnectionClosed, InvalidStatus

from shared.db.tables import Recognition
from tests.integration.gateway.listening import Site, heard
from tests.integration.gateway.server import StartServer

Wait = Callable[..., Any]


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


def test_pages_of_strangers_need_a_token_where_nobody_else_does(start: StartServer) -> None:
    settings = {"AUTH_REQUIRED": "false", "ACCOUNT": "alice"}
    told = {f"ARGUS_SECUREVISION__{name}": value for name, value in settings.items()}
    site = Site(start(ARGUS_GATEWAY__CORS_ORIGINS="https://panel.example", **told))
    good = [None, site.server.url, "https://panel.example"]
    for origin in good:
        with site.socket(who=None, origin=origin) as client:
            client.send("ping")
            assert heard(client)["type"] == "pong"
    for query in ("", "?token=anything"):
        with site.socket(query, who=None, origin="https://evil.example") as client, pytest.raises(ConnectionClosed):
            client.recv(timeout=15)
        assert (client.close_code, client.close_reason) == (1008, "Pages of other origins need a token")
    with site.socket(origin="https://evil.example") as client:
        client.send("ping")
        assert heard(client)["type"] == "pong"
    site.engine.dispose()


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


@pytest.mark.parametrize(
    "since", ["-1", "x", "", "1.5", "0x1", "2147483648", "1" + "0" * 30, "NaN", "1 or 1", "1_0", "+1"]
)
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


def test_numbers_never_come_again_though_the_newest_rows_are_deleted(own: Callable[..., Site]) -> None:
    """Retention may delete all there is: who listens, and who comes back with a number of before, misses nothing."""
    site = own()
    with site.socket() as client:
        client.send("ping")
        assert heard(client)["type"] == "pong"
        site.store()
        last = site.store()
        assert [heard(client)["id"] for _ in range(2)] == [last - 1, last]
        with Session(site.engine) as session:
            session.execute(delete(Recognition))
            session.commit()
        with site.socket(f"?since_id={last}") as returned:
            new = site.store(kind="plate_read", data={"plate_text": "AB123"})
            assert new > last
            assert [heard(each)["id"] for each in (client, returned)] == [new, new]


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
