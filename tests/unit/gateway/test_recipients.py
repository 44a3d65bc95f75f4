from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import func, select

from services.alerts.channel import Receipt
from shared.db.tables import Alert, AuditRow, Camera, Delivery, RecipientRow, RuleRow
from shared.domain.errors import Permanent
from shared.settings import Settings
from tests.unit.alerts.channel_on_hand import ChannelOnHand
from tests.unit.gateway.alert_worker import alert_worker
from tests.unit.gateway.installation import START, Api, Template, open_api

MAIL = {"channel": "email", "name": "Ada", "address": {"email": "ada@example.org"}}
CHAT = {"channel": "telegram", "name": "Watch", "address": {"chat_id": -100123}, "secret": "12:bot-token"}
LINE = {"channel": "line", "name": "Family", "address": {}, "secret": "line-token"}
SIREN = {"channel": "physical", "name": "Siren", "address": {"kind": "shelly", "url": "http://192.168.1.60"}}


@pytest.fixture
def linked(api: Api, api_settings: Settings, template: Template) -> Iterator[Api]:
    """The same installation, told at which address people reach it."""
    gateway = api_settings.gateway.model_copy(update={"public_url": "https://argus.example"})
    opened = open_api(api_settings.model_copy(update={"gateway": gateway}), template.keys)
    yield opened
    opened.opened.close()


def _add(api: Api, body: Any, **kwargs: Any) -> Any:
    answer = api.post("/recipients", body, **kwargs)
    assert answer.status_code == 201, answer.text
    return answer.json


def _message(answer: Any) -> str:
    assert answer.json is not None
    return str(answer.json["message"])


def test_a_recipient_is_added_shown_changed_and_removed_without_showing_its_secret(api: Api) -> None:
    made = _add(api, CHAT)
    assert made == {
        "id": 1,
        "channel": "telegram",
        "name": "Watch",
        "address": {"chat_id": -100123},
        "secret": "***",
        "notification_types": ["alerts"],
        "cameras": [],
        "rules": [],
        "min_severity": 0,
        "urgent_severity": None,
        "language": "en",
        "quiet": None,
        "cooldown_s": 0.0,
        "after_s": 0.0,
        "enabled": True,
        "verified_at": "2026-01-15T10:30:00Z",
        "muted_until": None,
        "last_told_at": None,
        "created_at": "2026-01-15T10:30:00Z",
        "updated_at": "2026-01-15T10:30:00Z",
    }
    changed = api.put("/recipients/1", {**made, "name": "night", "enabled": False}).json
    assert changed == {**made, "name": "night", "enabled": False}
    with api.session() as session:
        row = session.scalars(select(RecipientRow)).one()
        trail = session.scalars(select(AuditRow).where(AuditRow.target == "recipient:1").order_by(AuditRow.id)).all()
    assert row.secret_encrypted is not None
    assert api.opened.gateway.box.open(row.secret_encrypted) == "12:bot-token"
    assert [each.action for each in trail] == ["recipient.add", "recipient.change"]
    assert "bot-token" not in str([each.detail for each in trail])
    assert api.get("/recipients/1").json == changed
    assert api.get("/recipients").json == {"recipients": [changed], "count": 1, "total": 1}
    assert api.delete("/recipients/1").status_code == 204
    assert api.get("/recipients/1").status_code == 404


def test_recipients_of_every_channel_are_listed_by_channel_and_page(api: Api) -> None:
    for body in (MAIL, CHAT, LINE, SIREN):
        _add(api, body, who="boss")
    page = api.get("/recipients?limit=2&offset=1", who="boss").json
    assert page is not None
    assert ([row["id"] for row in page["recipients"]], page["count"], page["total"]) == ([3, 2], 2, 4)
    lines = api.get("/recipients?channel=line", who="boss").json
    assert lines is not None
    assert [row["name"] for row in lines["recipients"]] == ["Family"]
    assert api.get("/recipients?channel=webhook").status_code == 400


def test_an_administrators_recipient_is_everybodys_and_others_are_nobody_elses(api: Api) -> None:
    _add(api, CHAT)
    _add(api, CHAT, who="boss")
    with api.session() as session:
        owners = session.scalars(select(RecipientRow.account_id).order_by(RecipientRow.id)).all()
    assert owners == [api.account_id("alice"), None]
    for who, seen in (("alice", [1]), ("bob", []), ("boss", [2, 1])):
        listed = api.get("/recipients", who=who).json
        assert listed is not None
        assert [row["id"] for row in listed["recipients"]] == seen
    for number, who in ((2, "alice"), (1, "bob")):
        at = f"/recipients/{number}"
        answers = [
            api.get(at, who=who),
            api.put(at, {"enabled": False}, who=who),
            api.delete(at, who=who),
            api.post(f"{at}/test", who=who),
            api.post(f"{at}/mute", {"minutes": 5}, who=who),
        ]
        assert {answer.status_code for answer in answers} == {404}
    with api.session() as session:
        assert session.scalars(select(RecipientRow.muted_until)).all() == [None, None]


def test_who_may_only_read_changes_nothing_and_who_is_nobody_sees_nothing(api: Api) -> None:
    _add(api, CHAT, who="boss")
    assert api.post("/recipients", CHAT, who="eve").status_code == 403
    assert api.post("/recipients/1/mute", {"minutes": 5}, who="eve").status_code == 403
    assert api.get("/recipients", who="eve").status_code == 200
    assert api.get("/recipients", who=None).status_code == 401


def test_devices_are_an_administrators(api: Api) -> None:
    assert api.post("/recipients", SIREN).status_code == 403
    made = _add(api, SIREN, who="boss")
    assert made["address"] == {"kind": "shelly", "url": "http://192.168.1.60", "relay": 0, "pulse_s": 10.0} | {
        name: made["address"][name] for name in ("payload_on", "payload_off", "chip", "active_low")
    }
    assert api.put("/recipients/1", {"address": made["address"]}, who="boss").status_code == 400


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({**MAIL, "address": {"email": "nobody"}}, "address.email", "must be an e-mail address"),
        ({**MAIL, "address": {}}, "address.email", "is required"),
        ({**MAIL, "address": {"email": "a@example.org", "cc": "b"}}, "address.cc", "not permitted"),
        ({**MAIL, "name": " "}, "name", "must not be blank"),
        ({"channel": "email", "address": {"email": "a@example.org"}}, "name", "is required"),
        ({"name": "x"}, "channel", "is required"),
        ({**MAIL, "channel": "fax"}, "channel", "must be one of"),
        ({**CHAT, "address": {"chat_id": "nobody"}}, "address.chat_id", "should"),
        ({**LINE, "address": {"to": "me"}}, "address.to", "should match"),
        ({**SIREN, "address": {"kind": "bell"}}, "address.kind", "must be one of"),
        ({**SIREN, "address": {"kind": "gpio"}}, "address.line", "is required"),
        ({**SIREN, "address": {"kind": "shelly", "url": "http://u:p@192.168.1.9"}}, "address.url", "into `secret`"),
        ({**MAIL, "notification_types": ["gossip"]}, "notification_types[0]", "should be"),
        ({**MAIL, "notification_types": []}, "notification_types", "at least 1"),
        ({**MAIL, "cameras": ["cam_404"]}, "cameras[0]", "there is no such camera"),
        ({**MAIL, "rules": ["rule_404"]}, "rules[0]", "there is no such rule"),
        ({**MAIL, "min_severity": 6}, "min_severity", "less than or equal to 5"),
        ({**MAIL, "language": "de"}, "language", "should be"),
        ({**MAIL, "quiet": {"windows": []}}, "quiet.windows", "at least one window"),
        ({**MAIL, "quiet": {"timezone": "Mars", "windows": []}}, "quiet.timezone", "IANA"),
        ({**MAIL, "cooldown_s": 604_801}, "cooldown_s", "less than or equal"),
        ({**MAIL, "after_s": -1}, "after_s", "greater than or equal"),
    ],
)
def test_a_body_that_cannot_be_is_refused_by_the_clients_own_field(
    api: Api, body: Mapping[str, Any], field: str, reason: str
) -> None:
    refused = api.post("/recipients", body, who="boss")
    assert refused.status_code == 400
    assert f"Field '{field}'" in _message(refused), _message(refused)
    assert reason in _message(refused)


def test_all_wrong_fields_are_named_at_once(api: Api) -> None:
    refused = api.post("/recipients", {**MAIL, "address": {"email": "x"}, "min_severity": 9, "language": "de"})
    assert all(f"Field '{name}'" in _message(refused) for name in ("address.email", "min_severity", "language"))


def test_somebody_elses_camera_and_rule_are_as_if_they_were_not_there(api: Api) -> None:
    values = {"name": "x", "created_at": START, "updated_at": START}
    with api.session() as session:
        bob = api.account_id("bob")
        session.add(Camera(slug="cam_bob", account_id=bob, url_encrypted="", url_masked="", **values))
        session.add(RuleRow(slug="rule_bob", account_id=bob, condition={}, **values))
        session.commit()
    body = {**CHAT, "cameras": ["cam_bob"], "rules": ["rule_bob"]}
    refused = api.post("/recipients", body)
    assert "'cameras[0]' there is no such camera" in _message(refused)
    assert "'rules[0]' there is no such rule" in _message(refused)
    _add(api, body, who="bob")


def test_null_takes_away_quiet_hours_and_urgency_and_nothing_else(api: Api) -> None:
    quiet = {"timezone": "Europe/Paris", "windows": [{"days": ["sat"], "from": "22:00", "to": "06:00"}]}
    made = _add(api, {**CHAT, "quiet": quiet, "urgent_severity": 4, "min_severity": 2})
    assert (made["quiet"], made["urgent_severity"]) == (quiet, 4)
    changed = api.put("/recipients/1", {"quiet": None, "urgent_severity": None, "min_severity": None}).json
    assert changed == {**made, "quiet": None, "urgent_severity": None}


def test_an_address_of_another_channel_is_a_conflict(api: Api) -> None:
    _add(api, CHAT)
    refused = api.put("/recipients/1", {"address": {"email": "a@example.org"}})
    assert refused.status_code == 409
    assert "one of the channel email" in _message(refused)
    moved = api.put("/recipients/1", {"address": {"chat_id": "@watch_of_the_night"}})
    assert moved.json is not None
    assert moved.json["address"] == {"chat_id": "@watch_of_the_night"}


def test_an_order_sent_twice_under_one_key_adds_one_recipient(api: Api) -> None:
    key = {"Idempotency-Key": "one"}
    first, second = (api.post("/recipients", CHAT, headers=key) for _ in range(2))
    assert first.data == second.data
    assert (api.get("/recipients").json or {})["total"] == 1


def test_a_mute_is_told_and_ended(api: Api) -> None:
    _add(api, CHAT)
    muted = api.post("/recipients/1/mute", {"minutes": 60}).json
    assert muted is not None
    assert muted["muted_until"] == "2026-01-15T11:30:00Z"
    heard = api.post("/recipients/1/mute", {"minutes": 0}).json
    assert heard is not None
    assert heard["muted_until"] is None
    for body in ({}, {"minutes": -1}, {"minutes": 10_081}, {"minutes": 1.5}):
        assert api.post("/recipients/1/mute", body).status_code == 400


def test_a_mailbox_is_asked_first_and_again_when_it_changes(linked: Api) -> None:
    made = _add(linked, MAIL)
    assert made["verified_at"] is None
    with linked.session() as session:
        asked = session.scalars(select(Delivery)).one()
    assert (asked.channel, asked.recipient, asked.state, asked.account_id) == (
        "email",
        "1",
        "queued",
        linked.account_id("alice"),
    )
    assert linked.post("/recipients/1/verify").status_code == 409
    linked.put("/recipients/1", {"name": "Ada L."})
    for address in ("ada@example.com", "ada@example.org"):
        assert linked.put("/recipients/1", {"address": {"email": address}}).status_code == 200
    with linked.session() as session:
        assert sorted(session.scalars(select(Delivery.state))) == ["cancelled", "queued"]
        for row in session.scalars(select(Delivery)):
            row.state, row.settled_at = "sent", START
        session.commit()
    assert linked.post("/recipients/1/verify").status_code == 409
    linked.clock.forward(minutes=1)
    assert linked.post("/recipients/1/verify", who="bob").status_code == 404
    assert linked.post("/recipients/1/verify").status_code == 202
    with linked.session() as session:
        states = session.scalars(select(Delivery.state)).all()
        notice = session.scalars(select(Alert.notice)).first()
    assert sorted(states) == ["queued", "sent"]
    assert notice is not None
    assert "/a/" not in str(notice)


def test_without_an_address_for_links_nobody_is_asked_and_it_says_why(api: Api) -> None:
    assert _add(api, MAIL)["verified_at"] is None
    with api.session() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0
    refused = api.post("/recipients/1/verify")
    assert refused.status_code == 409
    assert "gateway.public_url" in _message(refused)


def test_who_follows_an_account_of_line_is_told_at_once_and_asked_nothing(linked: Api) -> None:
    everybody = _add(linked, LINE)
    assert everybody["address"] == {}
    assert everybody["verified_at"] is not None
    with linked.session() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_where_mailboxes_need_not_be_verified_they_are_told_at_once(api_settings: Settings, template: Template) -> None:
    alerts = api_settings.alerts.model_copy(update={"email_verification": False})
    trusting = open_api(api_settings.model_copy(update={"alerts": alerts}), template.keys)
    assert _add(trusting, MAIL)["verified_at"] is not None
    assert trusting.post("/recipients/1/verify").status_code == 409
    trusting.opened.close()


def test_a_test_reaches_that_recipient_alone(api: Api, redis_url: str) -> None:
    for name in ("one", "two"):
        _add(api, {**CHAT, "name": name})
    chats = ChannelOnHand({"1": None, "2": None, "9": None}, lambda _: Receipt({"message_id": 12345}))
    with alert_worker(redis_url, api.opened.gateway.reads, {"telegram": chats}):
        answer = api.post("/recipients/2/test", {"message": "hello"})
        assert answer.json == {"status": "sent", "message_id": 12345, "recipients": 1}
        assert (chats.told, chats.sent[0].notice.text, chats.sent[0].notice.test) == (["2"], "hello", True)

        def refuse(recipient: str) -> Receipt:
            raise Permanent("HTTP 403")

        chats.answer = refuse
        failed = api.post("/recipients/1/test")
        assert failed.json == {"status": "failed", "reason": "HTTP 403", "recipients": 0}
    with api.session() as session:
        tried = session.scalars(select(AuditRow.target).where(AuditRow.action == "recipient.test")).all()
    assert tried == ["recipient:2", "recipient:1"]


def test_a_channel_that_is_not_in_use_says_so_when_tried(api: Api, redis_url: str) -> None:
    _add(api, CHAT)
    with alert_worker(redis_url, api.opened.gateway.reads, {}):
        tried = api.post("/recipients/1/test").json
    assert tried == {"status": "not_configured", "reason": "this installation does not use the channel"}


def test_nothing_is_tried_on_a_mailbox_that_is_not_verified(api: Api) -> None:
    _add(api, MAIL)
    refused = api.post("/recipients/1/test")
    assert refused.status_code == 409
    assert "not verified" in _message(refused)


def test_without_a_worker_a_test_says_so(api: Api) -> None:
    _add(api, CHAT)
    assert api.post("/recipients/1/test").status_code == 503
