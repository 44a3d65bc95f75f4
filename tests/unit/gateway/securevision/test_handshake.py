"""Requests for `/stream` that cannot become a WebSocket are refused in the dialect's words."""

from __future__ import annotations

import io

import pytest

from tests.unit.gateway.securevision.conftest import Client

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"Sec-WebSocket-Key": None}, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": ""}, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": "no base64 at all"}, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": "\xe9"}, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Version": None}, "Sec-WebSocket-Version"),
        ({"Sec-WebSocket-Protocol": "a b"}, "Sec-WebSocket-Protocol"),
    ],
)
def test_one_that_is_wrong_is_refused_and_names_the_header(
    client: Client, changed: dict[str, str | None], named: str
) -> None:
    answer = client.get("/stream", headers=_with(changed))
    assert answer.status_code == 422
    assert answer.json == {"detail": f"This is no handshake of a WebSocket. The header {named} is missing or wrong"}


@pytest.mark.parametrize(
    "changed",
    [
        {"Sec-WebSocket-Version": "8"},
        {"Sec-WebSocket-Version": "13, 8"},
        {"Sec-WebSocket-Version": ""},
        {"Upgrade": None},
        {"Upgrade": "h2c"},
        {"Upgrade": "websocket, h2c"},
        {"Connection": "keep-alive"},
        {"Connection": None},
    ],
)
def test_who_has_to_ask_in_another_way_is_told_in_which(client: Client, changed: dict[str, str | None]) -> None:
    answer = client.get("/stream", headers=_with(changed))
    assert (answer.status_code, list(answer.json)) == (426, ["detail"])
    assert (answer.headers["Sec-WebSocket-Version"], answer.headers["Upgrade"]) == ("13", "websocket")


@pytest.mark.parametrize(
    "said",
    [
        {"data": b"x"},
        {
            "environ_overrides": {
                "HTTP_TRANSFER_ENCODING": "chunked",
                "wsgi.input": io.BytesIO(b"x"),
                "wsgi.input_terminated": True,
            }
        },
    ],
)
def test_one_with_a_body_is_refused_instead_of_left_without_an_answer(client: Client, said: dict[str, object]) -> None:
    answer = client.get("/stream", headers=HANDSHAKE, **said)
    assert answer.status_code == 422
    assert answer.json == {"detail": "This is no handshake of a WebSocket. It must not have a body"}


def test_headers_that_are_not_its_own_do_not_matter(client: Client) -> None:
    more = {"Content-Length": "0", "X-Note": "\x7f\x01", "Sec-WebSocket-Extensions": ";;;"}
    assert client.get("/stream", headers=HANDSHAKE | more).status_code == 501


def _with(changed: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in (HANDSHAKE | changed).items() if value is not None}
