from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.settings.securevision import SecureVisionSettings
from tests.unit.gateway.installation import PASSWORD, basic
from tests.unit.gateway.securevision.conftest import Client

TOKEN = "a-long-enough-token"
REFUSED = (401, {"detail": "Authentication required"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer sk-wrong"},
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "x" * 7000},
        {"Authorization": "Bearer \xff\xfe"},
        {"Authorization": "Token abc"},
        basic("alice", PASSWORD),
    ],
    ids=str,
)
def test_nobody_is_answered_without_a_good_token(client: Client, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/events"), ("GET", "/faces/1"), ("GET", "/plates/1"), ("GET", "/events?limit=0")):
        answer = client.ask(method, path, who=None, headers=headers)
        assert (answer.status_code, answer.json) == REFUSED
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Argus"'


def test_a_key_in_another_header_is_not_taken(client: Client) -> None:
    key = client.api.keys["alice"]
    assert client.get("/events", who=None, headers={"X-API-Key": key}).status_code == 401
    bearer = {"Authorization": f"Bearer {key}"}
    assert client.api.get("/cameras", who=None, headers=bearer).status_code == 401


@pytest.mark.parametrize("path", ["", "/", "/health", "/docs", "/redoc", "/openapi.json"])
def test_some_pages_are_everybodys(client: Client, path: str) -> None:
    assert client.get(path, who=None).status_code == 200


@pytest.mark.parametrize("told", [{"auth_token": TOKEN}], indirect=True)
def test_the_settings_token_stands_for_the_oldest_administrator(told: Client) -> None:
    told.api.add_recognition(who="alice")
    told.api.add_recognition(who="bob")
    assert len(told.get("/events", token=TOKEN).json) == 2
    assert told.get("/events", token=TOKEN + "x").status_code == 401
    assert told.get("/events", who="bob").json[0]["id"] == 2


@pytest.mark.parametrize("told", [{"auth_token": TOKEN, "account": "alice"}], indirect=True)
def test_the_settings_token_stands_for_the_account_that_is_named(told: Client) -> None:
    told.api.add_recognition(who="alice")
    told.api.add_recognition(who="bob")
    assert [each["id"] for each in told.get("/events", token=TOKEN).json] == [1]


@pytest.mark.parametrize("told", [{"auth_token": TOKEN, "account": "gone"}], indirect=True)
def test_a_token_for_nobody_lets_nobody_in(told: Client) -> None:
    assert told.get("/events", token=TOKEN).status_code == 401


@pytest.mark.parametrize("told", [{"auth_token": TOKEN}], indirect=True)
def test_the_settings_token_opens_this_dialect_alone(told: Client) -> None:
    for headers in ({"Authorization": f"Bearer {TOKEN}"}, {"X-API-Key": TOKEN}):
        assert told.api.get("/cameras", who=None, headers=headers).status_code == 401


@pytest.mark.parametrize("told", [{"auth_required": False, "account": "alice"}], indirect=True)
def test_where_nothing_is_required_everybody_reads_what_the_account_may(told: Client) -> None:
    told.api.add_recognition(who="alice")
    told.api.add_recognition(who="bob")
    for headers in ({}, {"Authorization": "Bearer of-the-old-system"}):
        assert [each["id"] for each in told.get("/events", who=None, headers=headers).json] == [1]
    assert [each["id"] for each in told.get("/events", who="bob").json] == [2]
    assert told.get("/events", token="sk-wrong").status_code == 401
    assert told.get("/", who=None).json["auth_enabled"] is False
    assert told.api.get("/cameras", who=None).status_code == 401


def test_nothing_required_and_no_account_named_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs account"):
        SecureVisionSettings(auth_required=False)


@pytest.mark.parametrize("told", [{"auth_token": TOKEN, "ws_enabled": False}], indirect=True)
def test_the_root_says_what_the_service_is(told: Client) -> None:
    said = {"service": "SecureVision Events API", "version": "0.1.0", "ws_enabled": False, "auth_enabled": True}
    assert told.get("/", who=None).json == said


def test_wrong_methods_are_refused_in_the_same_words(client: Client) -> None:
    answer = client.ask("DELETE", "/events")
    assert answer.status_code == 405
    assert list(answer.json) == ["detail"]


def test_a_server_that_cannot_let_go_of_a_connection_says_that_it_has_no_stream(client: Client) -> None:
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    answer = client.get("/stream", headers={**asked, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert (answer.status_code, list(answer.json)) == (501, ["detail"])
