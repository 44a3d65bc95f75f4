"""From an event to somebody in a chat: recipients of the database, the courier, and servers that speak as real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.alerts.bootstrap import build, build_courier
from services.alerts.channel import Channel, open_channels
from services.alerts.courier import Courier
from services.alerts.fanout import FanoutHandler
from shared.db.engine import SessionFactory, connect, sessions
from shared.db.migrate import upgrade
from shared.db.recipients import RecipientRow
from shared.db.secrets import SecretBox, installation_box
from shared.db.tables import Account, Delivery
from shared.domain.errors import Permanent
from shared.messages.events import EventRaised
from shared.settings import Settings
from shared.streams import Received
from tests.integration.alerts import line_server, telegram_server
from tests.integration.alerts.line_server import LineServer
from tests.integration.alerts.telegram_server import TelegramServer

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Hall:
    """An installation with both channels, whose events are told on the test's own thread and clock."""

    telegram: TelegramServer
    line: LineServer
    sessions: SessionFactory
    box: SecretBox
    channels: dict[str, Channel]
    fanout: FanoutHandler
    courier: Courier
    clock: list[datetime]

    def recipient(self, channel: str, address: dict[str, Any], **fields: Any) -> str:
        values = {
            "account_id": 1,
            "channel": channel,
            "name": "Anna",
            "address": address,
            "notification_types": ["alerts"],
            "verified_at": BEFORE,
            "created_at": BEFORE,
            "updated_at": BEFORE,
            **fields,
        }
        with self.sessions.begin() as session:
            row = RecipientRow(**values)
            session.add(row)
            session.flush()
            return str(row.id)

    def tell(self, *numbers: int) -> None:
        events = [
            EventRaised.example().model_copy(update={"event_id": f"event-{number}", "channels": ()})
            for number in numbers
        ]
        self.fanout([Received("events", b"1-0", event, {}) for event in events])
        for delivery in self.deliveries():
            self.courier.deliver(delivery.id)

    def deliveries(self) -> list[Delivery]:
        with self.sessions() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.channel, Delivery.id)))


@pytest.fixture
def make_hall(tmp_path: Path, redis_url: str, sqlite_url: str) -> Iterator[Callable[..., Hall]]:
    closing: list[Callable[[], None]] = []

    def make(*, has_tokens: bool = True) -> Hall:
        telegram, line = TelegramServer(), LineServer()
        closing.extend([telegram.close, line.close])
        tokens = {"telegram": telegram_server.TOKEN, "line": line_server.TOKEN}
        servers = {"telegram": telegram.url, "line": line.url}
        options = {
            name: {"base_url": url, "timeout_s": 5} | ({"token": tokens[name]} if has_tokens else {})
            for name, url in servers.items()
        }
        settings = Settings.model_validate(
            {
                "data_dir": tmp_path,
                "redis_url": redis_url,
                "database_url": sqlite_url,
                "alerts": {"channels": list(options), "channel_settings": options},
            }
        )
        clock = [datetime.now(UTC)]
        engine = connect(sqlite_url)
        upgrade(engine)
        with sessions(engine).begin() as session:
            session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=BEFORE))
        box = installation_box(settings)
        channels = open_channels(settings, box)
        alerts = build(settings, now=lambda: clock[0])
        courier = build_courier(settings, engine, channels, enqueue=lambda _: None, now=lambda: clock[0])
        closing.extend([*(channel.close for channel in channels.values()), alerts.close, engine.dispose])
        return Hall(telegram, line, sessions(engine), box, channels, alerts.fanout, courier, clock)

    yield make
    for close in reversed(closing):
        close()


@pytest.fixture
def hall(make_hall: Callable[..., Hall]) -> Hall:
    return make_hall()


def test_an_event_reaches_people_over_both_channels(hall: Hall) -> None:
    hall.recipient("telegram", {"chat_id": 7})
    hall.recipient("line", {"to": line_server.USER})
    hall.recipient("line", {})
    hall.tell(1)
    assert [delivery.state for delivery in hall.deliveries()] == ["sent"] * 3
    (shown,) = hall.telegram.shown
    assert [delivery.receipt["chat_id"] for delivery in hall.deliveries() if delivery.channel == "telegram"] == [7]
    assert shown.keyboard[0][0]["callback_data"].endswith(hall.deliveries()[-1].id)
    assert {told.to for told in hall.line.told} == {line_server.USER, None}


def test_people_read_times_by_the_clock_of_their_quiet_hours(hall: Hall) -> None:
    night = {"timezone": "Asia/Taipei", "windows": [{"from": "02:00", "to": "03:00"}]}
    hall.clock[0] = hall.clock[0].replace(hour=6)
    hall.recipient("telegram", {"chat_id": 7}, quiet=night)
    hall.recipient("line", {}, quiet=night)
    hall.tell(1)
    assert "UTC+08:00" in hall.telegram.shown[0].words
    assert "UTC+08:00" in hall.line.told[0].messages[0]["text"]


def test_a_recipient_may_have_a_bot_and_an_account_of_its_own(make_hall: Callable[..., Hall]) -> None:
    hall = make_hall(has_tokens=False)
    hall.recipient("telegram", {"chat_id": 7}, secret_encrypted=hall.box.seal(telegram_server.TOKEN))
    hall.recipient("line", {}, secret_encrypted=hall.box.seal(line_server.TOKEN))
    hall.tell(1)
    assert [delivery.state for delivery in hall.deliveries()] == ["sent", "sent"]


def test_without_any_token_it_is_said_what_to_do(make_hall: Callable[..., Hall]) -> None:
    hall = make_hall(has_tokens=False)
    hall.recipient("telegram", {"chat_id": 7})
    hall.recipient("line", {})
    hall.tell(1)
    line, telegram = hall.deliveries()
    assert (line.state, telegram.state) == ("dead", "dead")
    assert "give the recipient one, or set the channel's" in line.reason
    assert "give the recipient a token, or set the channel's" in telegram.reason
    assert hall.telegram.calls == []
    assert hall.line.calls == []


def test_telegrams_request_to_wait_holds_everything_for_that_chat(hall: Hall) -> None:
    hall.recipient("telegram", {"chat_id": 7})
    hall.telegram.fail(telegram_server.Fault.flood(90))
    hall.tell(1, 2)
    assert len(hall.telegram.calls) == 1
    later = hall.clock[0] + timedelta(seconds=90)
    assert [(delivery.due_at, delivery.attempts) for delivery in sorted(hall.deliveries(), key=_attempts)] == [
        (later, 0),
        (later, 1),
    ]
    hall.clock[0] = later
    hall.tell()
    assert any(delivery.state == "sent" for delivery in hall.deliveries())


def _attempts(delivery: Delivery) -> int:
    return delivery.attempts


@pytest.mark.parametrize(
    ("channel", "good", "bad"), [("telegram", {"chat_id": 7}, {"chat": 7}), ("line", {}, {"to": "x"})]
)
def test_who_was_meant_is_looked_up_anew_for_each_attempt(
    hall: Hall, channel: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    found = hall.recipient(channel, good, language="fr")
    strange = hall.recipient(channel, good, language="tlh")
    disabled = hall.recipient(channel, good, enabled=False)
    broken = hall.recipient(channel, bad)
    sealed_elsewhere = hall.recipient(channel, good, secret_encrypted="gAAAA")
    younger = hall.recipient(channel, good, created_at=hall.clock[0])
    told = hall.channels[channel]
    before = hall.clock[0] - timedelta(hours=1)
    with hall.sessions() as session:
        assert told.address(session, found, decided_at=before).language == "fr"
        assert told.address(session, strange, decided_at=before).language == "en"
        for number, reason in [
            (disabled, "disabled"),
            (broken, "cannot be read"),
            (sealed_elsewhere, "does not open"),
            (younger, "deleted"),
            ("99", "deleted"),
        ]:
            with pytest.raises(Permanent, match=reason):
                told.address(session, number, decided_at=before)
