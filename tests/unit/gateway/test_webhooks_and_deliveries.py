from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.db.tables import Delivery, Webhook
from tests.unit.gateway.installation import START, Api

URL = "https://your-app.example.com/cctv/alert"
BODY = {
    "url": URL,
    "events": ["detection", "alert"],
    "auth_type": "bearer",
    "token": "s3cret-token",
    "secret": "whsec_x",
}


def _add(api: Api, body: Any = BODY, **kwargs: Any) -> Any:
    answer = api.post("/webhooks", body, **kwargs)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_webhook_is_added_shown_changed_and_removed_without_showing_its_secrets(api: Api) -> None:
    made = _add(api)
    assert made == {
        "id": 1,
        "name": "webhook",
        "url": URL,
        "events": ["detection", "alert"],
        "auth_type": "bearer",
        "auth_name": None,
        "token": "***",
        "secret": "***",
        "enabled": True,
        "created_at": "2026-01-15T10:30:00Z",
        "updated_at": "2026-01-15T10:30:00Z",
    }
    changed = api.put("/webhooks/1", {**made, "name": "ops", "enabled": False}).json
    assert changed == {**made, "name": "ops", "enabled": False}
    with api.session() as session:
        row = session.scalars(select(Webhook)).one()
    assert row.token_encrypted is not None
    assert "s3cret" not in row.token_encrypted
    assert api.opened.gateway.box.open(row.token_encrypted) == "s3cret-token"
    assert api.get("/webhooks").json == {"webhooks": [changed], "count": 1, "total": 1}
    assert api.delete("/webhooks/1").status_code == 204
    assert api.get("/webhooks/1").status_code == 404


def test_an_empty_token_is_removed_where_none_is_needed(api: Api) -> None:
    _add(api)
    assert api.put("/webhooks/1", {"token": ""}).status_code == 400
    changed = api.put("/webhooks/1", {"token": "", "auth_type": "none", "secret": ""}).json
    assert changed is not None
    assert (changed["token"], changed["secret"]) == (None, None)


def test_an_administrators_webhook_is_told_of_every_camera_and_others_of_their_own(api: Api) -> None:
    _add(api)
    _add(api, who="boss")
    with api.session() as session:
        owners = session.scalars(select(Webhook.account_id).order_by(Webhook.id)).all()
    assert owners == [api.account_id("alice"), None]
    for who, seen in (("alice", [1]), ("bob", []), ("boss", [2, 1])):
        listed = api.get("/webhooks", who=who).json
        assert listed is not None
        assert [row["id"] for row in listed["webhooks"]] == seen
    assert api.get("/webhooks/2").status_code == 404
    assert api.put("/webhooks/2", {"enabled": False}).status_code == 404
    assert api.delete("/webhooks/2").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": None}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "http://127.0.0.1:9/x"}, "url"),
        ({"url": "http://[::1]/"}, "url"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "http://user:pass@example.com/"}, "url"),
        ({"url": "https://example.com/\r\nX: y"}, "url"),
        ({"url": "https://example.com/" + "x" * 2048}, "url"),
        ({"events": []}, "events"),
        ({"events": ["fire"]}, "events[0]"),
        ({"auth_type": "magic"}, "auth_type"),
        ({"auth_type": "bearer", "token": None}, "token"),
        ({"auth_type": "header", "token": "x"}, "auth_name"),
        ({"auth_type": "header", "token": "x", "auth_name": "X: y"}, "auth_name"),
        ({"token": "a\r\nEvil: yes"}, "token"),
        ({"name": ""}, "name"),
        ({"enabled": 1}, "enabled"),
    ],
)
def test_a_bad_webhook_is_refused_by_its_field_and_not_stored(api: Api, change: Any, field: str) -> None:
    body = {name: value for name, value in {**BODY, **change}.items() if value is not None}
    answer = api.post("/webhooks", body)
    assert answer.status_code == 400, answer.text
    assert answer.json is not None
    assert f"Field '{field}'" in answer.json["message"]
    with api.session() as session:
        assert session.scalar(select(func.count()).select_from(Webhook)) == 0


def test_a_refused_change_leaves_the_webhook_as_it_was(api: Api) -> None:
    made = _add(api)
    assert api.put("/webhooks/1", {"name": "x", "auth_type": "header"}).status_code == 400
    assert api.get("/webhooks/1").json == made


def test_deliveries_are_listed_filtered_and_seen_by_their_owner_alone(api: Api) -> None:
    first, second = api.add_event(), api.add_event()
    sent = api.add_delivery(first)
    api.clock.forward(seconds=1)
    dead = api.add_delivery(second, state="dead", reason="HTTP 500")
    page = api.get("/deliveries?limit=1").json
    assert page is not None
    assert ([row["id"] for row in page["deliveries"]], page["total"]) == ([dead], 2)
    rest = api.get(f"/deliveries?limit=1&cursor={page['next_cursor']}").json
    assert rest is not None
    assert ([row["id"] for row in rest["deliveries"]], rest["next_cursor"]) == ([sent], None)
    for query, expected in (("state=dead", [dead]), (f"event=evt-{first}", [sent]), ("channel=email", [])):
        found = api.get(f"/deliveries?{query}").json
        assert found is not None
        assert [row["id"] for row in found["deliveries"]] == expected
    nobody = api.get("/deliveries", who="bob").json
    assert nobody is not None
    assert nobody["total"] == 0
    assert api.get(f"/deliveries/{dead}", who="bob").status_code == 404
    assert api.get("/deliveries?state=lost").status_code == 400


def test_what_did_not_arrive_is_sent_again_and_what_arrived_is_not(api: Api) -> None:
    dead = api.add_delivery(api.add_event(), state="dead", due_at=START - timedelta(days=2), settled_at=START)
    assert api.post(f"/deliveries/{dead}/resend", who="bob").status_code == 404
    again = api.post(f"/deliveries/{dead}/resend")
    assert again.status_code == 202
    assert again.json is not None
    assert again.json["state"] == "queued"
    with api.session() as session:
        row = session.get_one(Delivery, dead)
    assert (row.state, row.due_at, row.settled_at) == ("queued", START, None)
    sent = api.add_delivery(api.add_event())
    refused = api.post(f"/deliveries/{sent}/resend")
    assert refused.status_code == 409
