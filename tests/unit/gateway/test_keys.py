from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from shared.db.tables import ApiKey, AuditRow
from tests.unit.gateway.installation import PASSWORD, Api, basic


def _make(api: Api, body: Any, username: str = "alice") -> Any:
    answer = api.post("/auth/keys", body, who=None, headers=basic(username, PASSWORD))
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_key_is_made_with_a_password_shown_once_and_stored_as_a_hash(api: Api) -> None:
    made = _make(api, {"name": "my_app", "ttl_days": 365})
    assert made["key"].startswith("sk-")
    assert (made["created_at"], made["expires_at"]) == ("2026-01-15T10:30:00Z", "2027-01-15T10:30:00Z")
    assert api.get("/cameras", who=None, headers={"X-API-Key": made["key"]}).status_code == 200
    listed = api.get("/auth/keys")
    assert made["key"] not in listed.text
    with api.session() as session:
        rows = session.scalars(select(ApiKey)).all()
        audit = session.scalars(select(AuditRow)).all()
    assert all(made["key"] not in str(vars(row)) for row in [*rows, *audit])


def test_a_key_without_an_end_says_so(api: Api) -> None:
    assert _make(api, {"name": "my_app"})["expires_at"] is None


def test_keys_are_listed_and_revoked_by_their_owner_alone(api: Api) -> None:
    made = _make(api, {"name": "my_app"})
    mine = api.get("/auth/keys").json
    assert mine is not None
    assert [key["name"] for key in mine["keys"]] == ["my_app", "test"]
    assert {key["username"] for key in mine["keys"]} == {"alice"}
    theirs = api.get("/auth/keys", who="boss").json
    assert theirs is not None
    assert theirs["count"] == 5
    path = f"/auth/keys/{made['id']}"
    assert api.delete(path, who=None, headers=basic("bob", PASSWORD)).status_code == 404
    assert api.delete(path, who=None, headers=basic("alice", PASSWORD)).status_code == 204
    assert api.delete(path, who=None, headers=basic("alice", PASSWORD)).status_code == 404
    assert api.get("/cameras", who=None, headers={"X-API-Key": made["key"]}).status_code == 401


def test_keys_are_listed_page_by_page(api: Api) -> None:
    for name in ("a", "b", "c"):
        _make(api, {"name": name})
    page = api.get("/auth/keys?limit=2&offset=1").json
    assert page is not None
    assert ([key["name"] for key in page["keys"]], page["count"], page["total"]) == (["b", "a"], 2, 4)
    assert api.get("/auth/keys?limit=501").status_code == 400


def test_a_key_cannot_make_keys_that_outlive_it_but_can_end_itself(api: Api) -> None:
    made = _make(api, {"name": "short", "ttl_days": 1, "scopes": ["write"]})
    key = {"X-API-Key": made["key"]}
    assert api.post("/auth/keys", {"name": "long"}, who=None, headers=key).status_code == 403
    assert api.delete("/auth/keys/1", who=None, headers=key).status_code == 403
    assert api.delete(f"/auth/keys/{made['id']}", who=None, headers=key).status_code == 204
    assert api.get("/cameras", who=None, headers=key).status_code == 401
    assert api.post("/auth/keys", {"name": "by key"}, who="boss").status_code == 201


def test_scopes_limit_a_key(api: Api) -> None:
    reading = _make(api, {"name": "reader", "scopes": ["read"]})
    key = {"X-API-Key": reading["key"]}
    assert reading["scopes"] == ["read"]
    assert api.get("/events", who=None, headers=key).status_code == 200
    body = {"name": "a", "rtsp_url": "rtsp://192.0.2.1/"}
    assert api.post("/cameras", body, who=None, headers=key).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a", "ttl_days": 0}, "ttl_days"),
        ({"name": "a", "ttl_days": "5"}, "ttl_days"),
        ({"name": "a", "ttl_days": 1.5}, "ttl_days"),
        ({"name": "a", "ttl_days": 10**30}, "ttl_days"),
        ({"name": "a", "scopes": ["fly"]}, "scopes[0]"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "scopes": ["admin"]}, "scopes"),
    ],
)
def test_a_bad_key_is_refused_by_its_field(api: Api, body: Any, field: str) -> None:
    answer = api.post("/auth/keys", body, who=None, headers=basic("alice", PASSWORD))
    assert answer.status_code == 400
    assert answer.json is not None
    assert f"Field '{field}'" in answer.json["message"]


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "99999999999999999999999", "%00", "1%20"])
def test_what_is_no_number_of_a_key_is_refused(api: Api, number: str) -> None:
    assert api.delete(f"/auth/keys/{number}", who="boss").status_code in (400, 404)
