"""LINE accounts: LINE itself is asked whose a token is, here a server that speaks its API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.alerts.arrivals import Arrivals
from services.alerts.bootstrap import build, build_courier
from services.alerts.channel import open_channels
from shared.db.engine import sessions
from shared.db.outbox import message_of
from shared.db.tables import Delivery, OutboxRow, RecipientRow
from shared.settings import Settings
from shared.streams import Received
from tests.integration.alerts.line_server import TOKEN, USER, Fault, LineServer
from tests.integration.alerts.mail_server import MailServer
from tests.unit.gateway.installation import Template, open_api
from tests.unit.gateway.visionflow.flow import Flow, refusal

WRONG = "another-channel-access-token"
NEW = {"token": TOKEN, "name": "安全監控群組", "to": USER, "notification_types": ["alerts"]}


@pytest.fixture
def server() -> Iterator[LineServer]:
    made = LineServer()
    yield made
    made.close()


@pytest.fixture
def mail() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.close()


@pytest.fixture
def settings(api_settings: Settings, server: LineServer, mail: MailServer) -> Settings:
    box = {"host": "127.0.0.1", "port": mail.port, "security": "plain", "from_address": "argus@example.org"}
    places = {"line": {"base_url": server.url, "timeout_s": 2}, "email": box}
    values = {"channels": ["line", "email"], "channel_settings": places}
    return api_settings.model_copy(update={"alerts": api_settings.alerts.model_copy(update=values)})


@pytest.fixture
def flow(settings: Settings, template: Template) -> Iterator[Flow]:
    api = open_api(settings, template.keys)
    yield Flow(api)
    api.opened.close()


def listed(flow: Flow, path: str = "/line_tokens") -> list[dict[str, object]]:
    return list((flow.get(path).json or {})["data"])


def test_line_is_asked_whose_the_token_is_before_it_is_stored(flow: Flow, server: LineServer) -> None:
    answer = flow.post("/line_tokens", NEW)
    assert answer.status_code == 201
    assert (answer.json or {})["data"]["token_verified"] is True
    assert [call.path for call in server.calls] == ["/v2/bot/info"]
    assert server.calls[0].headers["authorization"] == f"Bearer {TOKEN}"
    (row,) = listed(flow)
    assert (row["token"], row["to"], row["verified"], row["last_used"]) == ("***", USER, True, None)
    assert TOKEN not in answer.text + flow.get("/line_tokens").text


@pytest.mark.parametrize(
    ("language", "said"), [("zh-TW", "不認得"), ("en", "knows"), ("fr", "inconnu"), ("ru", "неизвестен")]
)
def test_a_token_that_line_does_not_know_is_refused_and_not_stored(flow: Flow, language: str, said: str) -> None:
    answer = flow.post("/line_tokens", {**NEW, "token": WRONG}, headers={"Accept-Language": language})
    assert refusal(answer) == (422, "VALIDATION_ERROR")
    assert [each["field"] for each in (answer.json or {})["errors"]] == ["token"]
    assert said in (answer.json or {})["message"]
    assert WRONG not in answer.text
    assert listed(flow) == []


@pytest.mark.parametrize(
    "token", ["goodtoken令牌", "good token", "goodtoken\r\nX-Evil: 1", "goodtoken\n", "goodtoken\t"]
)
@pytest.mark.parametrize(
    ("language", "said"), [("zh-TW", "ASCII"), ("en", "ASCII"), ("fr", "espace"), ("ru", "пробел")]
)
def test_what_no_token_can_look_like_is_refused_without_asking_line(
    flow: Flow, server: LineServer, token: str, language: str, said: str
) -> None:
    added = flow.post("/line_tokens", {**NEW, "token": token, "active": "yes"}, headers={"Accept-Language": language})
    assert refusal(added) == (422, "VALIDATION_ERROR")
    errors = {each["field"]: each["message"] for each in (added.json or {})["errors"]}
    assert set(errors) == {"token", "active"}
    assert said in errors["token"]
    number = (flow.post("/line_tokens", NEW).json or {})["data"]["id"]
    server.calls.clear()
    changed = flow.patch(f"/line_tokens/{number}", {"token": token})
    assert [each["field"] for each in (changed.json or {})["errors"]] == ["token"]
    assert server.calls == []


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(hang_up=True), Fault(status=200, body=b"no JSON")])
def test_without_an_answer_of_line_nothing_is_verified_nor_stored(flow: Flow, server: LineServer, fault: Fault) -> None:
    server.faults.append(fault)
    answer = flow.post("/line_tokens", NEW)
    assert refusal(answer) == (503, "SERVICE_UNAVAILABLE")
    assert (answer.json or {})["message"] == "服務暫時無法使用：LINE 沒有回應，請稍後再試"
    assert int(answer.headers["Retry-After"]) > 0
    assert listed(flow) == []
    assert flow.post("/line_tokens", NEW).status_code == 201


def test_where_nobody_listens_is_told_as_clearly(flow: Flow, server: LineServer) -> None:
    server.close()
    assert refusal(flow.post("/line_tokens", NEW)) == (503, "SERVICE_UNAVAILABLE")


def test_another_token_is_asked_about_too_and_a_wrong_one_changes_nothing(flow: Flow, server: LineServer) -> None:
    number = (flow.post("/line_tokens", NEW).json or {})["data"]["id"]
    server.calls.clear()
    assert flow.patch(f"/line_tokens/{number}", {"name": "B"}).status_code == 200
    assert server.calls == [], "without a new token there is nothing to ask"
    assert refusal(flow.patch(f"/line_tokens/{number}", {"name": "C", "token": WRONG})) == (422, "VALIDATION_ERROR")
    assert [row["name"] for row in listed(flow)] == ["B"]
    assert refusal(flow.patch(f"/line_tokens/{number}", {"token": WRONG}, who="bob"))[0] == 404
    assert len(server.calls) == 1, "LINE is not asked for somebody whose recipient it is not"


def test_the_last_use_and_the_last_notification_are_those_of_real_messages(
    flow: Flow, settings: Settings, server: LineServer, mail: MailServer
) -> None:
    flow.post("/line_tokens", NEW)
    flow.post("/email_recipients", {"email": "security@example.org"})
    with flow.api.session() as session:
        for row in session.scalars(select(RecipientRow)):
            row.verified_at = flow.api.clock()
        session.commit()
    sent = flow.post("/notifications", {"camera_id": flow.camera(), "message": "檢測到未授權人員進入"})
    assert (sent.json or {})["data"]["notification_sent"] is True
    flow.api.clock.at += timedelta(seconds=30)
    tell(flow, settings)
    (told,) = server.told
    assert told.to == USER
    assert "檢測到未授權人員進入" in told.messages[0]["text"]
    assert [each.recipient for each in mail.taken] == ["security@example.org"]
    assert [row["last_used"] for row in listed(flow)] == ["2026-01-15T10:30:30Z"]
    assert [row["last_notification"] for row in listed(flow, "/email_recipients")] == ["2026-01-15T10:30:30Z"]


def test_what_does_not_arrive_is_no_use(flow: Flow, settings: Settings, server: LineServer) -> None:
    flow.post("/line_tokens", NEW)
    flow.post("/notifications", {"camera_id": flow.camera(), "message": "x"})
    server.tokens.clear()
    tell(flow, settings)
    assert server.told == []
    assert [row["last_used"] for row in listed(flow)] == [None]


def tell(flow: Flow, settings: Settings) -> None:
    """The alerts service's own work, on the test's thread and clock."""
    engine, box = flow.api.opened.engine, flow.api.opened.gateway.box
    channels = open_channels(settings, box)
    alerts = build(settings, now=flow.api.clock)
    arrivals = Arrivals(sessions(engine))
    courier = build_courier(settings, engine, channels, enqueue=lambda _: None, now=flow.api.clock, arrivals=arrivals)
    try:
        with flow.api.session() as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == "events")).all()
            messages = [message_of(row) for row in rows]
        alerts.fanout([Received("events", b"1-0", message, {}) for message in messages])
        with flow.api.session() as session:
            deliveries = session.scalars(select(Delivery.id)).all()
        for delivery in deliveries:
            courier.deliver(delivery)
        arrivals.write()
    finally:
        for channel in channels.values():
            channel.close()
        alerts.close()
