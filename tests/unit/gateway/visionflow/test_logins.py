from __future__ import annotations

from tests.unit.gateway.installation import PASSWORD
from tests.unit.gateway.visionflow.flow import Flow, refusal


def test_a_login_gives_tokens_that_open_the_api(flow: Flow) -> None:
    answer = flow.post("/login", {"username": "alice", "password": PASSWORD}, who=None)
    assert answer.status_code == 200
    assert answer.json is not None
    assert list(answer.json) == ["status", "message", "account_uuid", "access_token", "refresh_token"]
    cameras = flow.get("/cameras", who=None, headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert cameras.json == {"status": "success", "data": [], "total": 0}


def test_messages_follow_the_language_of_the_client(flow: Flow) -> None:
    body = {"username": "alice", "password": PASSWORD}
    for wanted, said in {
        "": "登入成功",
        "*": "登入成功",
        "de": "登入成功",
        "en-GB,en;q=0.9": "Login successful",
        "fr-CA": "Connexion réussie",
        "de, ru;q=0.5": "Вход выполнен",
        "zh": "登入成功",
    }.items():
        headers = {"Accept-Language": wanted} if wanted else {}
        answer = flow.post("/login", body, who=None, headers=headers)
        assert answer.json is not None
        assert answer.json["message"] == said, wanted


def test_without_a_token_and_with_a_bad_one_are_told_apart(flow: Flow) -> None:
    assert refusal(flow.get("/cameras", who=None)) == (401, "AUTH_REQUIRED")
    assert refusal(flow.get("/cameras", who=None, headers={"Authorization": "Basic YTpi"})) == (401, "AUTH_REQUIRED")
    assert refusal(flow.get("/cameras", who=None, headers={"Authorization": "Bearer x.y.z"})) == (401, "INVALID_TOKEN")
    answer = flow.get("/cameras", who=None)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Argus"'


def test_a_wrong_password_is_refused_as_an_unknown_name_is(flow: Flow) -> None:
    wrong = flow.post("/login", {"username": "alice", "password": "wrong"}, who=None)
    unknown = flow.post("/login", {"username": "nobody", "password": "wrong"}, who=None)
    assert refusal(wrong) == (401, "INVALID_CREDENTIALS")
    assert (wrong.status_code, wrong.json) == (unknown.status_code, unknown.json)


def test_every_wrong_field_is_named(flow: Flow) -> None:
    answer = flow.post("/login", {"username": 7}, who=None)
    assert refusal(answer) == (422, "VALIDATION_ERROR")
    assert answer.json is not None
    assert [each["field"] for each in answer.json["errors"]] == ["username", "password"]
