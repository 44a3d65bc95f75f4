from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.accounts.passwords import password_matches
from shared.accounts.users import account_named
from shared.db.tables import AuditRow, LoginSession
from shared.settings import Settings
from tests.unit.gateway.installation import PASSWORD, Api, open_api
from tests.unit.gateway.visionflow.flow import CAMERA, Flow, refusal

JOHN = {"username": "john_doe", "email": "john@example.com", "password": "secure_password_123"}
HERE = {"Sec-Fetch-Site": "same-origin"}
Open = Callable[..., Flow]


@pytest.fixture
def opened(api_settings: Settings, template: Any) -> Iterator[Open]:
    made: list[Api] = []

    def make(**values: Any) -> Flow:
        gateway = api_settings.gateway.model_copy(update=values)
        made.append(open_api(api_settings.model_copy(update={"gateway": gateway}), template.keys))
        return Flow(made[-1])

    yield make
    for api in made:
        api.opened.close()


def only_the_administrator(flow: Flow) -> None:
    with flow.api.session() as session:
        for name in ("alice", "bob", "eve"):
            session.delete(account_named(session, name))
        session.commit()


def test_whoever_registers_can_log_in_and_owns_what_he_adds(opened: Open) -> None:
    flow = opened(registration="open")
    answer = flow.post("/register", JOHN, who=None, headers={"Accept-Language": "en"})
    assert answer.status_code == 201
    assert answer.json is not None
    assert list(answer.json) == ["message", "account_uuid", "status"]
    assert (answer.json["message"], answer.json["status"]) == ("User registered successfully", "success")
    login = flow.post("/login", {"username": "john_doe", "password": JOHN["password"]}, who=None).json or {}
    assert login["account_uuid"] == answer.json["account_uuid"]
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    assert flow.post("/cameras", CAMERA, who=None, headers=headers).status_code == 201
    assert (flow.get("/cameras", who=None, headers=headers).json or {})["total"] == 1
    with flow.api.session() as session:
        account = account_named(session, "john_doe")
        assert (account.role, account.email, account.uuid) == ("operator", JOHN["email"], login["account_uuid"])
        assert account.password_hash.startswith("$argon2id$")
        assert password_matches(account.password_hash, JOHN["password"])
        assert session.query(AuditRow).filter_by(action="account.register", principal="john_doe").count() == 1


def test_a_name_is_given_once(opened: Open) -> None:
    answer = opened(registration="open").post(
        "/register", {**JOHN, "username": "alice"}, who=None, headers={"Accept-Language": "en"}
    )
    assert refusal(answer) == (409, "CONFLICT")
    assert (answer.json or {})["message"] == "Username already exists"


def test_one_person_beside_the_administrator_may_register_at_first(flow: Flow) -> None:
    only_the_administrator(flow)
    assert flow.post("/register", JOHN, who=None).status_code == 201
    again = flow.post("/register", {**JOHN, "username": "jane"}, who=None)
    assert refusal(again) == (403, "INSUFFICIENT_PERMISSIONS")


def test_closed_registration_tells_nothing_of_who_is_there(opened: Open) -> None:
    flow = opened(registration="closed")
    there = flow.post("/register", {**JOHN, "username": "alice"}, who=None)
    other = flow.post("/register", JOHN, who=None)
    assert refusal(there) == (403, "INSUFFICIENT_PERMISSIONS")
    assert there.json == other.json


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"username": ""}, "username"),
        ({"username": "n" * 65}, "username"),
        ({"email": "john"}, "email"),
        ({"email": "john@example.com\r\nBcc: x@y.z"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "p" * 257}, "password"),
        ({"password": None}, "password"),
    ],
)
def test_what_is_wrong_is_named(opened: Open, wrong: dict[str, Any], field: str) -> None:
    answer = opened(registration="open").post("/register", {**JOHN, **wrong}, who=None)
    assert refusal(answer) == (422, "VALIDATION_ERROR")
    assert [each["field"] for each in (answer.json or {})["errors"]] == [field]


def send(flow: Flow, path: str, values: dict[str, str], **headers: str) -> TestResponse:
    return flow.ask(
        "POST", path, who=None, data=values, content_type="multipart/form-data", headers={**HERE, **headers}
    )


def test_the_pages_work_without_a_script_and_load_nothing(opened: Open) -> None:
    flow = opened(registration="open")
    for path in ("/register", "/login"):
        answer = flow.get(path, who=None)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"<script|\son\w+=|src=|https?:", answer.text)
        assert f'method="post" action="{path[1:]}/form"' in answer.text
        assert '<html lang="zh-TW">' in answer.text
    done = send(flow, "/register/form", JOHN)
    assert done.status_code == 201
    assert "註冊成功" in done.text


def test_only_who_chooses_a_password_is_told_how_long_it_must_be(opened: Open) -> None:
    flow = opened(registration="open")
    pages = [flow.get(path, who=None, headers={"Accept-Language": "en"}).text for path in ("/register", "/login")]
    assert ["8 characters" in page for page in pages] == [True, False]


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(opened: Open) -> None:
    flow = opened(registration="open")
    answer = send(flow, "/register/form", {**JOHN, "username": '"><b>', "password": "short"})
    assert answer.status_code == 422
    assert "&#34;&gt;&lt;b&gt;" in answer.text or "&quot;&gt;&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text
    assert "short" not in answer.text
    taken = send(flow, "/register/form", {**JOHN, "username": "alice"}, **{"Accept-Language": "en"})
    assert taken.status_code == 409
    assert "Username already exists" in taken.text


def test_a_browser_that_logs_in_gets_a_cookie_for_pictures_alone(flow: Flow) -> None:
    camera = flow.camera()
    answer = send(flow, "/login/form", {"username": "alice", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "../login")
    cookie = answer.headers["Set-Cookie"]
    for part in ("argus_session=", "HttpOnly", "SameSite=Strict", "Path=/visionflow", "Max-Age=43200"):
        assert part in cookie
    assert "alice" in flow.get("/login", who=None).text
    assert flow.get(f"/mask/{camera}", who=None).status_code == 200
    assert refusal(flow.get("/cameras", who=None)) == (401, "AUTH_REQUIRED")
    assert refusal(flow.post("/cameras", CAMERA, who=None)) == (401, "AUTH_REQUIRED")
    # Our own pages say that they are ours; no other site's can.
    assert flow.get("/cameras", who=None, headers={"X-Argus-Page": "1"}).status_code == 200


def test_whoever_leaves_by_the_page_is_out_with_every_token_of_the_login(flow: Flow) -> None:
    camera = flow.camera()
    cookie = send(flow, "/login/form", {"username": "alice", "password": PASSWORD}).headers["Set-Cookie"]
    left = send(flow, "/login/form", {"leave": "1"})
    assert left.status_code == 303
    assert refusal(flow.get(f"/mask/{camera}", who=None)) == (401, "AUTH_REQUIRED")
    flow.api.client.set_cookie("argus_session", cookie.partition(";")[0].partition("=")[2], path="/visionflow")
    assert refusal(flow.get(f"/mask/{camera}", who=None)) == (401, "INVALID_TOKEN")
    with flow.api.session() as session:
        assert session.query(LoginSession).filter(LoginSession.ended_at.is_not(None)).count() == 1


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_another_sites_form_is_refused(flow: Flow, headers: dict[str, str]) -> None:
    values = {"username": "alice", "password": PASSWORD}
    answer = flow.ask("POST", "/login/form", who=None, data=values, content_type="multipart/form-data", headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_password_is_told_on_the_page(flow: Flow) -> None:
    answer = send(flow, "/login/form", {"username": "alice", "password": "wrong"}, **{"Accept-Language": "fr"})
    assert answer.status_code == 401
    assert "mot de passe est faux" in answer.text
    assert "Set-Cookie" not in answer.headers
