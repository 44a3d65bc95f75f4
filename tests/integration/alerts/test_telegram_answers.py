"""Presses of buttons, from a server that speaks the Bot API to whoever carries them out."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from services.alerts.answers import Answer, Listening, Take
from services.alerts.channel import Channel
from services.alerts.channels.telegram.channel import Chat
from shared.db.engine import connect, sessions
from shared.db.migrate import upgrade
from shared.db.recipients import RecipientRow
from shared.db.tables import Alert, Delivery
from shared.domain.errors import Transient, UserError
from shared.recipients.telegram_hooks import open_hooks
from shared.settings import Settings
from tests.conftest import wait_until
from tests.integration.alerts.chat_channels import BOX, DELIVERY, open_channel, parcel, settings_for
from tests.integration.alerts.telegram_server import TOKEN, Fault, Room, Shown, TelegramServer

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
OTHER_TOKEN = "654321:AAH-zyxwvutsrqponmlkjihgfedcba43210"
CONFIRM = f"a1:c:{DELIVERY}"


@dataclass
class Desk:
    """A recipient who was told, and the list of what was answered."""

    settings: Settings
    engine: Engine
    server: TelegramServer
    channel: Channel
    answers: list[Answer] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    line: str | None = "Confirmed, thank you."

    def take(self, answer: Answer) -> str | None:
        if self.failures:
            raise self.failures.pop(0)
        self.answers.append(answer)
        return self.line

    def recipient(self, number: int, chat_id: int | str, *, secret: str | None = None) -> None:
        with sessions(self.engine).begin() as session:
            session.add(
                RecipientRow(
                    id=number,
                    channel="telegram",
                    name="Anna",
                    address={"chat_id": chat_id},
                    secret_encrypted=BOX.seal(secret) if secret else None,
                    notification_types=["alerts"],
                    verified_at=AT,
                    created_at=AT,
                    updated_at=AT,
                )
            )

    def delivery(self, recipient: int, *, number: str = DELIVERY, receipt: dict[str, Any] | None = None) -> None:
        later = AT + timedelta(minutes=1)
        with sessions(self.engine).begin() as session:
            session.add(Alert(id=f"alert-{number[:8]}", event_uuid=f"e-{number[:8]}", notice={}, decided_at=later))
            session.flush()
            session.add(
                Delivery(
                    id=number,
                    alert_id=f"alert-{number[:8]}",
                    event_uuid=f"e-{number[:8]}",
                    channel="telegram",
                    recipient=str(recipient),
                    state="sent",
                    receipt=receipt or {},
                    due_at=later,
                    created_at=later,
                )
            )

    def change(self, number: int, **values: object) -> None:
        with sessions(self.engine).begin() as session:
            row = session.get_one(RecipientRow, number)
            for name, value in values.items():
                setattr(row, name, value)

    def told(self, chat_id: int = 7, token: str = TOKEN) -> Shown:
        self.channel.send(Chat(chat_id, token), parcel())
        return self.server.shown[-1]


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    made = TelegramServer()
    yield made
    made.close()


@pytest.fixture
def make_desk(tmp_path: Path, sqlite_url: str, server: TelegramServer) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(*, redis_url: str | None = None, public_url: str | None = None, **options: object) -> Desk:
        settings = settings_for(
            "telegram",
            tmp_path,
            options={"base_url": server.url, "token": TOKEN, "refresh_s": 0.1, **options},
            database_url=sqlite_url,
            redis_url=redis_url,
            public_url=public_url,
        )
        engine = connect(sqlite_url)
        upgrade(engine)
        made.append(Desk(settings, engine, server, open_channel(settings)))
        return made[-1]

    yield make
    for desk in made:
        desk.channel.close()
        desk.engine.dispose()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    made = make_desk()
    made.recipient(1, 7)
    made.delivery(1)
    return made


class Ear:
    """Listens on a thread until it is stopped."""

    def __init__(self, channel: Channel, take: Take) -> None:
        assert isinstance(channel, Listening)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=channel.listen, args=(self.stop, take))
        self.thread.start()

    def end(self) -> float:
        """Stop; the seconds that it took."""
        started = time.monotonic()
        self.stop.set()
        self.thread.join(timeout=10)
        assert not self.thread.is_alive()
        return time.monotonic() - started


@pytest.fixture
def listen() -> Iterator[Callable[[Desk], Ear]]:
    ears: list[Ear] = []

    def start(desk: Desk) -> Ear:
        ears.append(Ear(desk.channel, desk.take))
        return ears[-1]

    yield start
    for ear in ears:
        ear.end()


def test_a_press_is_handed_over_answered_and_marked(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    message = desk.told()
    listen(desk)
    query = desk.server.press(CONFIRM, message=message)
    wait_until(lambda: query in desk.server.answered, what="the answer to whoever pressed")
    assert desk.answers == [Answer("telegram", DELIVERY, "confirm", "@anna")]
    assert desk.server.answered[query] == "Confirmed, thank you."
    wait_until(lambda: message.edits == 1, what="the mark")
    assert [button["text"] for row in message.keyboard for button in row] == [
        "✓ Confirm",
        "Mute 1 h",
        "Acknowledge",
    ]


def test_a_long_line_is_cut_to_what_telegram_takes(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    desk.line = "🐝" * 150
    listen(desk)
    query = desk.server.press(CONFIRM, message=desk.told())
    wait_until(lambda: query in desk.server.answered, what="the answer")
    assert desk.server.answered[query] == "🐝" * 100


def test_each_press_is_handed_over_once_and_told_to_telegram_as_heard(
    desk: Desk, listen: Callable[[Desk], Ear]
) -> None:
    message = desk.told()
    listen(desk)
    for letter in "cfm":
        desk.server.press(f"a1:{letter}:{DELIVERY}", message=message)
    wait_until(lambda: len(desk.answers) == 3, what="three answers")
    asked = len(desk.server.of("getUpdates"))
    wait_until(lambda: len(desk.server.of("getUpdates")) > asked or asked > 1, what="the next question")
    assert [answer.press for answer in desk.answers] == ["confirm", "false_alarm", "mute"]
    assert desk.server.of("getUpdates")[-1].fields["offset"]


def test_a_button_that_is_pressed_again_is_handed_over_again_and_keeps_its_mark(
    desk: Desk, listen: Callable[[Desk], Ear]
) -> None:
    """Whoever carries it out knows that it was: the line tells the second presser."""
    message = desk.told()
    listen(desk)
    desk.server.press(CONFIRM, message=message)
    wait_until(lambda: message.edits == 1, what="the mark")
    desk.line = "It was confirmed already."
    query = desk.server.press(CONFIRM, message=message)
    wait_until(lambda: query in desk.server.answered, what="the answer to the second")
    assert desk.server.answered[query] == "It was confirmed already."
    assert message.keyboard[0][0]["text"] == "✓ Confirm"
    assert message.edits == 1


def test_the_database_being_away_is_said_once_and_outlasted(
    desk: Desk, listen: Callable[[Desk], Ear], capsys: pytest.CaptureFixture[str]
) -> None:
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE recipients RENAME TO elsewhere")
    message = desk.told()
    listen(desk)
    said = ""

    def is_said() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "telegram_bots_unknown" in said

    wait_until(is_said, what="the line in the log")
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO recipients")
    desk.server.press(CONFIRM, message=message)
    wait_until(lambda: desk.answers, what="the answer")
    assert (said + capsys.readouterr().out).count("telegram_bots_unknown") == 1


def test_presses_from_before_are_heard_even_if_nobody_waits_any_more(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    message = desk.told()
    desk.server.press(CONFIRM, message=message)
    desk.server.forget_queries()
    listen(desk)
    wait_until(lambda: message.edits == 1, what="the mark")
    assert len(desk.answers) == 1
    assert desk.server.answered == {}


def test_a_press_that_cannot_be_carried_out_now_is_kept(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    desk.failures = [Transient("the database did not answer")]
    listen(desk)
    desk.server.press(CONFIRM, message=desk.told())
    wait_until(lambda: desk.answers, what="the answer, at the second try")
    assert len(desk.answers) == 1


def test_a_press_that_breaks_something_does_not_hold_up_the_next(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    desk.failures = [ValueError("a fault")]
    message = desk.told()
    listen(desk)
    desk.server.press(CONFIRM, message=message)
    desk.server.press(f"a1:m:{DELIVERY}", message=message)
    wait_until(lambda: desk.answers, what="the second")
    assert [answer.press for answer in desk.answers] == ["mute"]


def refused(desk: Desk, query: str) -> None:
    """The press is over for whoever pressed, and nothing came of it."""
    wait_until(lambda: query in desk.server.answered, what="the end of the wait")
    assert desk.server.answered[query] is None
    assert desk.answers == []


def test_a_press_from_another_chat_is_refused(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    desk.server.chats[8] = Room(8)
    listen(desk)
    refused(desk, desk.server.press(CONFIRM, message=desk.told(), chat=desk.server.chats[8]))


def test_a_press_from_a_chat_of_another_recipient_is_refused(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    desk.server.chats[8] = Room(8)
    desk.recipient(2, 8)
    listen(desk)
    refused(desk, desk.server.press(CONFIRM, message=desk.told(8)))


def test_a_press_that_comes_over_another_bot_is_refused(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    desk.server.tokens.add(OTHER_TOKEN)
    desk.recipient(2, 7, secret=OTHER_TOKEN)
    listen(desk)
    refused(desk, desk.server.press(CONFIRM, message=desk.told(), token=OTHER_TOKEN))


@pytest.mark.parametrize(
    "values",
    [
        {"enabled": False},
        {"address": {"chat_id": 99}},
        {"address": {"unreadable": True}},
        {"created_at": AT + timedelta(days=1)},
        {"channel": "line"},
    ],
)
def test_a_recipient_who_is_another_now_answers_no_more(
    desk: Desk, listen: Callable[[Desk], Ear], values: dict[str, object]
) -> None:
    desk.recipient(2, 8)  # somebody whom the bot is still asked for
    message = desk.told()
    desk.change(1, **values)
    listen(desk)
    refused(desk, desk.server.press(CONFIRM, message=message))


def test_a_press_for_a_delivery_that_is_gone_is_refused(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    listen(desk)
    refused(desk, desk.server.press("a1:c:11111111-d9cb-469f-a165-70867728950e", message=desk.told()))


def test_a_group_that_has_moved_still_answers(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    number = "22222222-d9cb-469f-a165-70867728950e"
    desk.recipient(2, -9)
    desk.delivery(2, number=number, receipt={"chat_id": -1009, "moved_from": -9})
    desk.server.chats[-1009] = Room(-1009, "supergroup")
    listen(desk)
    desk.server.press(f"a1:c:{number}", message=desk.told(-1009))
    wait_until(lambda: desk.answers, what="the answer")


def test_a_channel_known_by_its_name_answers(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    number = "33333333-d9cb-469f-a165-70867728950e"
    desk.server.chats[-200] = Room(-200, "channel", username="Front_Door")
    desk.recipient(2, "@front_door")
    desk.delivery(2, number=number)
    listen(desk)
    desk.server.press(f"a1:c:{number}", message=desk.told(-200))
    wait_until(lambda: desk.answers, what="the answer")


def test_a_bot_of_a_recipient_is_heard_from_when_it_is_added_and_not_when_it_is_gone(
    make_desk: Callable[..., Desk], listen: Callable[[Desk], Ear]
) -> None:
    desk = make_desk(token=None)
    desk.server.tokens = {OTHER_TOKEN}
    ear = listen(desk)
    desk.recipient(1, 7, secret=OTHER_TOKEN)
    desk.delivery(1)
    desk.server.press(CONFIRM, message=desk.told(token=OTHER_TOKEN), token=OTHER_TOKEN)
    wait_until(lambda: desk.answers, what="the answer")
    desk.change(1, enabled=False)
    wait_until(lambda: not any(each.name.startswith("telegram-") for each in threading.enumerate()), what="its end")
    assert ear.thread.is_alive()


def test_nobody_is_asked_where_there_is_no_recipient(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    ear = Ear(desk.channel, desk.take)
    ear.end()
    assert desk.server.calls == []


def test_listening_stops_without_waiting_for_an_answer(desk: Desk) -> None:
    ear = Ear(desk.channel, desk.take)
    wait_until(lambda: desk.server.is_asked, what="a question that waits")
    assert ear.end() < 5  # within a second on a machine that does nothing else; the question waits for longer


def test_a_wrong_token_is_said_once(
    desk: Desk, capsys: pytest.CaptureFixture[str], listen: Callable[[Desk], Ear]
) -> None:
    desk.server.tokens.clear()
    listen(desk)
    wait_until(lambda: desk.server.of("getUpdates"), what="the question")
    said = ""

    def is_said() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "telegram_token_refused" in said

    wait_until(is_said, what="the line in the log")
    assert TOKEN.partition(":")[2] not in said
    assert len(desk.server.of("getUpdates")) == 1


@pytest.mark.parametrize("is_webhook", [True, False])
def test_somebody_else_who_asks_the_bot_is_told_of_and_waited_for(
    desk: Desk,
    capsys: pytest.CaptureFixture[str],
    listen: Callable[[Desk], Ear],
    is_webhook: bool,  # noqa: FBT001
) -> None:
    message = desk.told()
    if is_webhook:
        desk.server.webhook_set = True
    listen(desk)
    wait_until(lambda: desk.server.of("getUpdates"), what="the question")
    if not is_webhook:
        wait_until(lambda: desk.server.is_asked, what="the question to wait")
        _ask_once(desk.server)
    said = ""

    def is_said() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "telegram_asked_by_another" in said

    wait_until(is_said, what="the line in the log")
    desk.server.webhook_set = False
    desk.server.press(CONFIRM, message=message)
    wait_until(lambda: desk.answers, what="the answer, once the other is gone")


def _ask_once(server: TelegramServer) -> None:
    urllib.request.urlopen(f"{server.url}/bot{TOKEN}/getUpdates", data=b"", timeout=5).read()


def test_a_server_that_comes_back_is_heard_again(desk: Desk, listen: Callable[[Desk], Ear]) -> None:
    desk.server.fail(Fault(502, b"<html>"), Fault(200, b"{}"), method="getUpdates")
    message = desk.told()
    listen(desk)
    desk.server.press(CONFIRM, message=message)
    wait_until(lambda: desk.answers, what="the answer")


def test_of_two_replicas_one_asks(
    make_desk: Callable[..., Desk], redis_url: str, listen: Callable[[Desk], Ear]
) -> None:
    desk = make_desk(redis_url=redis_url, poll_s=1)
    desk.recipient(1, 7)
    desk.delivery(1)
    second = Desk(desk.settings, desk.engine, desk.server, open_channel(desk.settings))
    first_ear = listen(desk)
    wait_until(lambda: desk.server.of("getUpdates"), what="the question of the first")
    second_ear = listen(second)
    wait_until(lambda: len(desk.server.of("getUpdates")) > 2, what="further questions")
    assert desk.server.conflicts == 0
    first_ear.end()
    desk.server.press(CONFIRM, message=desk.told())
    wait_until(lambda: second.answers, 20, "the answer, to the other replica")
    second_ear.end()
    second.channel.close()


def test_with_a_webhook_telegram_is_told_where_to_call_and_not_asked(
    make_desk: Callable[..., Desk], listen: Callable[[Desk], Ear]
) -> None:
    desk = make_desk(answers="webhook", public_url="https://argus.example.org/")
    desk.recipient(1, 7)
    desk.recipient(2, 8)
    desk.server.fail(Fault(502), method="setWebhook")
    ear = listen(desk)
    wait_until(lambda: len(desk.server.of("setWebhook")) == 2, what="the second try")
    hooks = open_hooks(BOX, None)
    told = desk.server.of("setWebhook")[-1].fields
    assert told["url"] == "https://argus.example.org/telegram/123456"
    assert hooks.is_secret("123456", told["secret_token"])
    assert json.loads(told["allowed_updates"]) == ["callback_query"]
    assert desk.told().keyboard
    assert ear.end() < 5
    assert desk.server.of("getUpdates") == []


@pytest.mark.parametrize("public_url", [None, "http://argus.example.org"])
def test_a_webhook_that_telegram_could_not_call_is_refused_at_the_start(
    make_desk: Callable[..., Desk], public_url: str | None
) -> None:
    with pytest.raises(UserError, match=r"channel_settings\.telegram\.answers: .* gateway\.public_url"):
        make_desk(answers="webhook", public_url=public_url)
