"""The channel telegram alone, against a server that speaks the Bot API."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.alerts.channel import Channel
from services.alerts.channels.telegram.channel import Chat
from shared.domain.errors import ArgusError, Permanent, Transient
from shared.settings import Settings
from tests.integration.alerts.chat_channels import (
    DELIVERY,
    JPEG,
    open_channel,
    parcel,
    settings_for,
    store_photo,
)
from tests.integration.alerts.telegram_server import TOKEN, Fault, Room, TelegramServer

CHAT = Chat(7, TOKEN)


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    made = TelegramServer()
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path: Path, server: TelegramServer) -> Settings:
    return settings_for("telegram", tmp_path, options={"base_url": server.url, "timeout_s": 3.0})


@pytest.fixture
def channel(settings: Settings) -> Iterator[Channel]:
    made = open_channel(settings)
    yield made
    made.close()


def refused(code: int, description: str) -> Fault:
    return Fault(code, {"ok": False, "error_code": code, "description": description})


def test_a_photo_is_sent_with_the_words_as_its_caption(
    channel: Channel, server: TelegramServer, settings: Settings
) -> None:
    store_photo(settings)
    receipt = channel.send(CHAT, parcel())
    (shown,) = server.shown
    assert shown.photo == JPEG
    assert shown.words.startswith("Front door: person in Door\n")
    assert receipt.detail == {"message_id": shown.id, "chat_id": 7, "photo": True}


@pytest.mark.parametrize("content", [None, b"", b"x" * (10 * 1024 * 1024 + 1), b"no picture that Telegram would take"])
def test_without_a_picture_that_can_be_sent_the_words_go_alone(
    channel: Channel, server: TelegramServer, settings: Settings, content: bytes | None
) -> None:
    if content is not None:
        store_photo(settings, content)
    receipt = channel.send(CHAT, parcel())
    assert [shown.photo for shown in server.shown] == [None]
    assert receipt.detail["photo"] is False


def test_a_picture_that_a_proxy_finds_too_large_is_left_out(
    channel: Channel, server: TelegramServer, settings: Settings
) -> None:
    store_photo(settings)
    server.fail(Fault(413, b"<html>413 Request Entity Too Large</html>"), method="sendPhoto")
    assert channel.send(CHAT, parcel()).detail["photo"] is False


@pytest.mark.parametrize(("severity", "silent"), [(0, True), (1, False), (3, False)])
def test_only_what_is_not_severe_makes_no_sound(
    channel: Channel,
    server: TelegramServer,
    severity: int,
    silent: bool,  # noqa: FBT001
) -> None:
    channel.send(CHAT, parcel(severity=severity))
    assert server.shown[0].silent is silent


def test_a_topic_of_a_forum_is_reached(channel: Channel, server: TelegramServer) -> None:
    server.chats[-100] = Room(-100, "supergroup", threads=frozenset({5}))
    channel.send(Chat(-100, TOKEN, thread_id=5), parcel())
    assert server.shown[0].thread_id == 5
    with pytest.raises(Permanent, match="Message thread not found"):
        channel.send(Chat(-100, TOKEN, thread_id=6), parcel())


def test_a_public_channel_is_reached_by_its_name(channel: Channel, server: TelegramServer) -> None:
    server.chats[-200] = Room(-200, "channel", username="front_door")
    assert channel.send(Chat("@front_door", TOKEN), parcel()).detail["chat_id"] == -200


def test_buttons_offer_answers_and_carry_the_delivery(channel: Channel, server: TelegramServer) -> None:
    channel.send(CHAT, parcel())
    data = [button["callback_data"] for row in server.shown[0].keyboard for button in row]
    assert data == [f"a1:{letter}:{DELIVERY}" for letter in "cfma"]
    assert all(len(each.encode()) <= 64 for each in data)


def test_where_nobody_listens_no_buttons_are_offered(tmp_path: Path, server: TelegramServer) -> None:
    quiet = open_channel(settings_for("telegram", tmp_path, options={"base_url": server.url, "answers": "off"}))
    quiet.send(CHAT, parcel())
    assert server.shown[0].keyboard == []
    quiet.close()


@pytest.mark.parametrize(
    "said",
    ["<b>bold</b>", "a & b", "&lt;", "1 < 2 > 0", "</b>", "\"quoted\" 'so'", "_*[]()~`>#+-=|{}.!", "\\", "&#60;"],
)
@pytest.mark.parametrize("has_photo", [True, False])
def test_words_arrive_as_they_are(
    channel: Channel,
    server: TelegramServer,
    settings: Settings,
    said: str,
    has_photo: bool,  # noqa: FBT001
) -> None:
    if has_photo:
        store_photo(settings)
    channel.send(CHAT, parcel(text=said, ai_response=said))
    lines = server.shown[0].words.splitlines()
    assert lines[0] == f"Front door: person in Door: {said}"
    assert said in lines[1:]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Channel, TelegramServer, Settings]]:
    """A channel for many examples, with a picture at hand."""
    server = TelegramServer()
    settings = settings_for("telegram", tmp_path_factory.mktemp("data"), options={"base_url": server.url})
    store_photo(settings)
    channel = open_channel(settings)
    yield channel, server, settings
    channel.close()
    server.close()


@hypothesis_settings(max_examples=60)
@given(
    said=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40).map(lambda text: text * 120)
    | st.sampled_from(["👩‍👩‍👧", "🇫🇷", "é", "<&>", "𝄞", "ab "]).map(lambda text: text * 1500),
    has_photo=st.booleans(),
)
def test_whatever_is_said_is_taken(
    patient: tuple[Channel, TelegramServer, Settings],
    said: str,
    has_photo: bool,  # noqa: FBT001
) -> None:
    """The server counts as Telegram does and refuses what is too long, half a character, or badly escaped."""
    channel, server, _ = patient
    channel.send(CHAT, parcel(ai_response=said, snapshot=parcel().notice.snapshot if has_photo else None))
    shown = server.shown.pop()
    assert (shown.photo is not None) == has_photo
    assert shown.words.splitlines()[0] == "Front door: person in Door"


def test_words_that_cannot_be_encoded_are_sent_all_the_same(channel: Channel, server: TelegramServer) -> None:
    channel.send(CHAT, parcel(ai_response="half \ud800 a pair, a whole bee 🐝, none \x00"))
    assert "half a pair, a whole bee 🐝, none" in server.shown[0].words


def test_what_was_told_is_changed(channel: Channel, server: TelegramServer) -> None:
    receipt = channel.send(CHAT, parcel())
    after = channel.send(CHAT, parcel(amends=dict(receipt.detail), ai_response="It was the cat."))
    (shown,) = server.shown
    assert shown.edits == 1
    assert "It was the cat." in shown.words
    assert shown.keyboard
    assert after.detail["message_id"] == receipt.detail["message_id"]


def test_the_caption_of_a_photo_is_changed(channel: Channel, server: TelegramServer, settings: Settings) -> None:
    store_photo(settings)
    receipt = channel.send(CHAT, parcel())
    channel.send(CHAT, parcel(amends=dict(receipt.detail), ai_response="It was the cat."))
    (shown,) = server.shown
    assert shown.photo == JPEG
    assert "It was the cat." in shown.words


def test_a_change_that_was_made_already_is_a_success(channel: Channel, server: TelegramServer) -> None:
    receipt = channel.send(CHAT, parcel())
    change = parcel(amends=dict(receipt.detail), ai_response="It was the cat.")
    channel.send(CHAT, change)
    assert channel.send(CHAT, change).detail["amended"] is True
    assert server.shown[0].edits == 1


def test_a_message_that_is_gone_is_not_told_anew(channel: Channel, server: TelegramServer) -> None:
    receipt = channel.send(CHAT, parcel())
    server.shown.clear()
    with pytest.raises(Permanent, match="Message to edit not found"):
        channel.send(CHAT, parcel(amends=dict(receipt.detail)))
    assert server.shown == []


def test_a_change_to_what_never_arrived_is_told_anew(channel: Channel, server: TelegramServer) -> None:
    channel.send(CHAT, parcel(amends={}, ai_response="It was the cat."))
    assert "It was the cat." in server.shown[0].words


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        (Fault.flood(23), Transient, "asks to wait 23 s"),
        (refused(403, "Forbidden: bot was blocked by the user"), Permanent, "blocked by the user"),
        (refused(403, "Forbidden: bot was kicked from the supergroup chat"), Permanent, "was kicked"),
        (refused(400, "Bad Request: chat not found"), Permanent, "Chat not found"),
        (refused(400, "Bad Request: not enough rights to send text messages to the chat"), Permanent, "rights"),
        (refused(400, "Bad Request: can't parse entities: Unsupported start tag"), Permanent, "Can't parse entities"),
        (refused(401, "Unauthorized"), Permanent, "does not know the bot's token"),
        (refused(404, "Not Found"), Permanent, "does not know the bot's token"),
        (refused(409, "Conflict: terminated"), Transient, "Conflict"),
        (refused(500, "Internal Server Error"), Transient, "Internal Server Error"),
        (Fault(502, b"<html>Bad Gateway</html>"), Transient, "Bad Gateway"),
        (Fault(503), Transient, r"\(503\)"),
        (Fault(200, b"<html>who are you?</html>"), Transient, "Invalid server response"),
        (Fault(hang=True), Transient, "did not answer in time"),
        (Fault(hang_up=True), Transient, "disconnected"),
    ],
)
def test_what_the_server_says_decides_how_it_ends(
    channel: Channel, server: TelegramServer, fault: Fault, error: type[ArgusError], reason: str
) -> None:
    server.fail(fault)
    started = time.monotonic()
    with pytest.raises(error, match=reason) as caught:
        channel.send(CHAT, parcel())
    assert time.monotonic() - started < channel.timeout_s + 5
    assert len(server.calls) == 1
    assert getattr(caught.value, "retry_after_s", None) == (23 if fault.status == 429 else None)


def test_a_connection_that_ended_meanwhile_is_made_anew(channel: Channel, server: TelegramServer) -> None:
    channel.send(CHAT, parcel())
    server.fail(Fault(hang_up=True))
    with pytest.raises(Transient):
        channel.send(CHAT, parcel())
    channel.send(CHAT, parcel())
    assert len(server.shown) == 2


def test_nobody_listening_is_worth_another_try(channel: Channel, server: TelegramServer) -> None:
    server.close()
    with pytest.raises(Transient, match="ConnectError"):
        channel.send(CHAT, parcel())


def test_a_group_that_became_a_supergroup_is_followed(channel: Channel, server: TelegramServer) -> None:
    server.chats[-9] = Room(-9, "group", moved_to=-1009)
    server.chats[-1009] = Room(-1009, "supergroup")
    receipt = channel.send(Chat(-9, TOKEN), parcel())
    assert [shown.chat.id for shown in server.shown] == [-1009]
    assert receipt.detail["chat_id"] == -1009
    assert receipt.detail["moved_from"] == -9


def test_a_message_in_a_group_that_has_moved_cannot_be_changed(channel: Channel, server: TelegramServer) -> None:
    server.chats[-9] = Room(-9, "group")
    receipt = channel.send(Chat(-9, TOKEN), parcel())
    server.chats[-9].moved_to = -1009
    with pytest.raises(Permanent, match="has become the supergroup -1009"):
        channel.send(Chat(-9, TOKEN), parcel(amends=dict(receipt.detail)))


@pytest.mark.parametrize(
    "fault",
    [
        refused(400, f"Bad Request: nothing like {TOKEN} here"),
        refused(500, f"no route to /bot{TOKEN}/sendMessage"),
        Fault(502, f"<html>/bot{TOKEN}/sendMessage</html>".encode()),
        Fault(200, f"/bot{TOKEN}/sendMessage".encode()),
        Fault(hang=True),
        Fault(hang_up=True),
    ],
)
def test_the_token_is_never_shown(
    channel: Channel, server: TelegramServer, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel.send(CHAT, parcel())  # the library and its loggers are there now
    server.fail(fault)
    with pytest.raises(ArgusError) as caught:
        channel.send(CHAT, parcel())
    for text in (str(caught.value), repr(caught.value), repr(CHAT), caplog.text):
        assert TOKEN not in text
        assert TOKEN.partition(":")[2] not in text


def test_thirty_are_told_at_once(tmp_path: Path, server: TelegramServer) -> None:
    busy = open_channel(settings_for("telegram", tmp_path, options={"base_url": server.url}))
    for number in range(30):
        server.chats[number] = Room(number)
    with ThreadPoolExecutor(30) as pool:
        receipts = list(pool.map(lambda number: busy.send(Chat(number, TOKEN), parcel()), range(30)))
    assert sorted(receipt.detail["chat_id"] for receipt in receipts) == list(range(30))
    assert len(server.shown) == 30
    busy.close()


def test_a_bot_that_sends_too_fast_is_held_back_before_telegram_does(
    tmp_path: Path, server: TelegramServer, redis_url: str
) -> None:
    paced = open_channel(settings_for("telegram", tmp_path, options={"base_url": server.url}, redis_url=redis_url))
    with ThreadPoolExecutor(4) as pool:
        outcomes = [pool.submit(paced.send, CHAT, parcel()) for _ in range(4)]
    errors = [error for each in outcomes if (error := each.exception()) is not None]
    assert len(server.calls) == 4 - len(errors)
    assert errors
    assert all(isinstance(error, Transient) and 0 < (error.retry_after_s or 0) <= 1 for error in errors)
    paced.close()
