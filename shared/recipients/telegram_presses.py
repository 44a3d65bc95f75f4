"""Buttons under messages in Telegram: what they carry, and what comes back when one is pressed. Pure.

What comes back is a stranger's JSON until it is checked: here for its form, in `telegram_chats` for who may press.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.recipient import Press

MAX_DATA_BYTES: Final = 64
"""The longest `callback_data` of the Bot API."""

MAX_ANSWER_UNITS: Final = 200
"""The longest text of `answerCallbackQuery`."""

_LETTERS: Final[Mapping[Press, str]] = {"confirm": "c", "false_alarm": "f", "mute": "m", "acknowledge": "a"}
_PRESSES: Final[Mapping[str, Press]] = {letter: press for press, letter in _LETTERS.items()}
_DATA = re.compile(r"a1:([cfma]):([A-Za-z0-9_-]{1,59})")
_EXCLUSIVE: Final = frozenset({"confirm", "false_alarm"})
_MARK = "✓ "
_WHO = 64

Keyboard = Sequence[Sequence[Mapping[str, Any]]]
"""`inline_keyboard` of the Bot API: rows of buttons with `text` and `callback_data`."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button under the message `message_id` of a chat; `chat_name` is its @name if it has one.

    `keyboard` is what the message shows now, empty when Telegram does not say.
    """

    callback_id: str
    delivery_id: str
    press: Press
    who: str
    chat_id: int
    chat_name: str | None
    message_id: int
    keyboard: Keyboard = ()


def press_data(delivery_id: str, press: Press) -> str | None:
    """The `callback_data` of a button; None for a delivery whose id is of no form that can come back."""
    data = f"a1:{_LETTERS[press]}:{delivery_id}"
    return data if _DATA.fullmatch(data) and len(data.encode()) <= MAX_DATA_BYTES else None


def answers_in(update: object) -> Pressed | None:
    """The press that an update of the Bot API tells of; None when it tells of anything else, or of none of ours."""
    query = _field(update, "callback_query")
    found = _DATA.fullmatch(_text(query, "data"))
    message, sender, callback_id = _field(query, "message"), _field(query, "from"), _text(query, "id")
    chat = _field(message, "chat")
    chat_id, message_id = _number(chat, "id"), _number(message, "message_id")
    if found is None or not callback_id or chat_id is None or message_id is None:
        return None
    name = _text(chat, "username")
    return Pressed(
        callback_id=callback_id,
        delivery_id=found[2],
        press=_PRESSES[found[1]],
        who=_who(sender),
        chat_id=chat_id,
        chat_name=f"@{name}" if name else None,
        message_id=message_id,
        keyboard=_keyboard(message),
    )


def marked(pressed: Pressed) -> list[list[dict[str, str]]]:
    """The keyboard after the press: what was pressed bears a mark, and what would contradict it is gone."""
    contradicted = _EXCLUSIVE - {pressed.press} if pressed.press in _EXCLUSIVE else frozenset()
    rows = []
    for row in pressed.keyboard:
        buttons = []
        for button in row:
            found = _DATA.fullmatch(_text(button, "callback_data"))
            press = _PRESSES[found[1]] if found else None
            if found is None or press in contradicted:
                continue
            text = _text(button, "text")
            if press == pressed.press and not text.startswith(_MARK):
                text = _MARK + text
            buttons.append({"text": text, "callback_data": found[0]})
        rows += [buttons] if buttons else []
    return rows


def answer_call(pressed: Pressed, line: str | None) -> dict[str, Any]:
    """The call that ends the wait of whoever pressed, to be given as the reply to Telegram's webhook."""
    call: dict[str, Any] = {"method": "answerCallbackQuery", "callback_query_id": pressed.callback_id}
    return {**call, "text": answer_text(line)} if line else call


def answer_text(line: str) -> str:
    """The line within what `answerCallbackQuery` takes."""
    encoded = line.encode("utf-16-le", "surrogatepass")[: 2 * MAX_ANSWER_UNITS]
    return encoded.decode("utf-16-le", "ignore")


def _who(sender: object) -> str:
    if name := _text(sender, "username"):
        return f"@{name}"[:_WHO]
    full = " ".join(filter(None, (_text(sender, "first_name"), _text(sender, "last_name"))))
    number = _number(sender, "id")
    return " ".join(full.split())[:_WHO] or (str(number) if number is not None else "somebody")


def _keyboard(message: object) -> list[list[Mapping[str, Any]]]:
    rows = _field(_field(message, "reply_markup"), "inline_keyboard")
    if not isinstance(rows, list):
        return []
    return [[button for button in row if isinstance(button, dict)] for row in rows if isinstance(row, list)]


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: object, name: str) -> str:
    found = _field(value, name)
    return found if isinstance(found, str) else ""


def _number(value: object, name: str) -> int | None:
    found = _field(value, name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
