"""Buttons in Telegram: what they carry and what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.recipient import PRESSES, Press
from shared.recipients.telegram_presses import answer_call, answers_in, marked, press_data

DELIVERY = "0f8fad5b-d9cb-469f-a165-70867728950e"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def update(**fields: object) -> dict[str, Any]:
    query: dict[str, Any] = {
        "id": "q1",
        "from": {"id": 55, "is_bot": False, "first_name": "Anna", "last_name": "Kay", "username": "anna"},
        "message": {
            "message_id": 12,
            "chat": {"id": -100, "type": "supergroup", "username": "door"},
            "reply_markup": {"inline_keyboard": [[{"text": "Confirm", "callback_data": f"a1:c:{DELIVERY}"}]]},
        },
        "data": f"a1:c:{DELIVERY}",
    }
    return {"update_id": 1, "callback_query": {**query, **fields}}


@given(delivery=st.text("0123456789abcdefABCDEF-_", min_size=1, max_size=80), press=st.sampled_from(PRESSES))
def test_what_a_button_carries_fits_and_comes_back(delivery: str, press: Press) -> None:
    data = press_data(delivery, press)
    if len(delivery) > 59:
        assert data is None
        return
    assert data is not None
    assert len(data.encode()) <= 64
    pressed = answers_in(update(data=data))
    assert pressed is not None
    assert (pressed.delivery_id, pressed.press) == (delivery, press)


def test_an_update_tells_who_pressed_what_where() -> None:
    pressed = answers_in(update())
    assert pressed is not None
    assert (pressed.callback_id, pressed.who, pressed.chat_id, pressed.chat_name, pressed.message_id) == (
        "q1",
        "@anna",
        -100,
        "@door",
        12,
    )


@pytest.mark.parametrize(
    ("sender", "who"),
    [
        ({"id": 55, "first_name": "Anna", "last_name": "Kay"}, "Anna Kay"),
        ({"id": 55, "first_name": "Anna\n Kay"}, "Anna Kay"),
        ({"id": 55, "first_name": ""}, "55"),
        ({}, "somebody"),
        ({"id": 55, "first_name": "A" * 500}, "A" * 64),
    ],
)
def test_whoever_has_no_name_of_their_own_is_called_by_what_there_is(sender: dict[str, object], who: str) -> None:
    pressed = answers_in(update(**{"from": sender}))
    assert pressed is not None
    assert pressed.who == who


@pytest.mark.parametrize(
    "other",
    [
        None,
        [],
        {},
        {"update_id": 1, "message": {"text": "hello"}},
        update(data="somebody else's"),
        update(data=f"a1:x:{DELIVERY}"),
        update(data=f"a1:c:{DELIVERY}/../x"),
        update(data=f"a1:c:{DELIVERY}\n"),
        update(data=None),
        update(id=None),
        update(message=None),
        update(message={"message_id": 12, "chat": {"id": "7"}}),
        update(message={"message_id": True, "chat": {"id": 7}}),
    ],
)
def test_what_is_no_press_of_ours_is_none(other: object) -> None:
    assert answers_in(other) is None


@given(other=JSON, name=st.sampled_from(["id", "from", "message", "data"]))
def test_no_update_is_too_strange(other: object, name: str) -> None:
    answers_in(other)
    pressed = answers_in(update(**{name: other}))
    if pressed is not None:
        marked(pressed)


@given(keyboard=JSON)
def test_no_keyboard_is_too_strange(keyboard: object) -> None:
    for rows in (keyboard, [keyboard], [[keyboard]]):
        message = {"message_id": 1, "chat": {"id": 7}, "reply_markup": {"inline_keyboard": rows}}
        pressed = answers_in(update(message=message))
        assert pressed is not None
        assert marked(pressed) == []


def keyboard_after(press: str, *texts: tuple[str, str]) -> list[str]:
    rows = [[{"text": text, "callback_data": f"a1:{letter}:{DELIVERY}"}] for text, letter in texts]
    message = {"message_id": 1, "chat": {"id": 7}, "reply_markup": {"inline_keyboard": rows}}
    pressed = answers_in(update(message=message, data=f"a1:{press}:{DELIVERY}"))
    assert pressed is not None
    return [button["text"] for row in marked(pressed) for button in row]


def test_what_was_pressed_bears_a_mark_and_its_contrary_goes() -> None:
    all_three = (("Yes", "c"), ("No", "f"), ("Mute", "m"))
    assert keyboard_after("c", *all_three) == ["✓ Yes", "Mute"]
    assert keyboard_after("f", *all_three) == ["✓ No", "Mute"]
    assert keyboard_after("m", *all_three) == ["Yes", "No", "✓ Mute"]
    assert keyboard_after("c", ("✓ Yes", "c"), ("✓ Mute", "m")) == ["✓ Yes", "✓ Mute"]


def test_the_reply_to_a_webhook_ends_the_wait() -> None:
    pressed = answers_in(update())
    assert pressed is not None
    assert answer_call(pressed, None) == {"method": "answerCallbackQuery", "callback_query_id": "q1"}
    assert answer_call(pressed, "🐝" * 300)["text"] == "🐝" * 100
