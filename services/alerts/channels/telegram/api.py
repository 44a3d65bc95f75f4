"""The calls to the Bot API that alerts need. Imports the library: loaded once somebody is to be told."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from services.alerts.channels.telegram.options import CAPTION_UNITS, TEXT_UNITS
from services.alerts.fitting import fitted
from services.alerts.letter import Letter
from shared.domain.errors import Permanent, Transient
from shared.observability import get_logger
from shared.recipients.telegram_presses import Keyboard

log = get_logger("alerts.telegram")

_REASON = 200
_POLLS = 256
# What Telegram answers to a photo that it does not like; the same words arrive without it.
_OF_THE_PHOTO = ("photo", "image", "file", "request entity too large")
_UNCHANGED = "message is not modified"
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message: to whom, what, and how. `photo` is a JPEG."""

    token: str = field(repr=False)
    chat_id: int | str
    thread_id: int | None
    letter: Letter
    keyboard: Keyboard
    photo: bytes | None
    silent: bool


class BotApi:
    """For the loop's thread alone. One pool of connections for all bots; never repeats a call that may have worked."""

    def __init__(self, *, base_url: str, connections: int, timeout_s: float, poll_s: int) -> None:
        self._base_url = f"{base_url}/bot"
        self._request = _pool(connections, timeout_s=timeout_s)
        self._polls = _pool(_POLLS, timeout_s=poll_s)
        # These log addresses, of which the token is a part, and whatever a server says; what matters of it is raised.
        for name in ("httpx", "httpcore", "telegram"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def bot(self, token: str) -> Bot:
        """The bot of the token; costs nothing."""
        try:
            return Bot(token, base_url=self._base_url, request=self._request, get_updates_request=self._polls)
        except InvalidToken:
            raise Permanent("the bot's token is empty") from None

    async def tell(self, outgoing: Outgoing) -> dict[str, Any]:
        """Send it; the receipt. Follows a group that became a supergroup: nothing was sent to the one that is gone."""
        with translated(outgoing.token):
            try:
                return await self._tell(outgoing, outgoing.chat_id)
            except ChatMigrated as moved:
                log.warning("telegram_chat_moved", chat_id=outgoing.chat_id, new_chat_id=moved.new_chat_id)
                receipt = await self._tell(outgoing, moved.new_chat_id)
                return {**receipt, "moved_from": outgoing.chat_id}

    async def change(self, outgoing: Outgoing, told: Mapping[str, Any]) -> dict[str, Any]:
        """Change the message of the receipt `told`; the receipt of what it is now."""
        bot, markup = self.bot(outgoing.token), _markup(outgoing.keyboard)
        where = {"chat_id": told["chat_id"], "message_id": told["message_id"]}
        try:
            with translated(outgoing.token):
                if told.get("photo"):
                    caption = _html(outgoing.letter, CAPTION_UNITS)
                    await bot.edit_message_caption(
                        **where, caption=caption, parse_mode=ParseMode.HTML, reply_markup=markup
                    )
                else:
                    text = _html(outgoing.letter, TEXT_UNITS)
                    await bot.edit_message_text(
                        text, **where, parse_mode=ParseMode.HTML, link_preview_options=_NO_PREVIEW, reply_markup=markup
                    )
        except Permanent as error:
            if _UNCHANGED not in str(error).lower():
                raise
        return {**where, "photo": bool(told.get("photo")), "amended": True}

    async def respond(self, token: str, callback_id: str, text: str | None) -> None:
        """End the wait of whoever pressed a button."""
        with translated(token):
            await self.bot(token).answer_callback_query(callback_id, text=text)

    async def show_buttons(self, token: str, *, chat_id: int, message_id: int, keyboard: Keyboard) -> None:
        """Put other buttons under a message."""
        with translated(token):
            await self.bot(token).edit_message_reply_markup(
                chat_id=chat_id, message_id=message_id, reply_markup=_markup(keyboard)
            )

    async def updates(self, token: str, *, offset: int | None, poll_s: int) -> list[tuple[int, dict[str, Any]]]:
        """What happened since, each with its number; waits up to `poll_s` for the first. Raises `TelegramError`."""
        found = await self.bot(token).get_updates(offset=offset, timeout=poll_s, allowed_updates=["callback_query"])
        return [(update.update_id, update.to_dict()) for update in found]

    async def call_back(self, token: str, *, address: str, secret: str) -> None:
        """Have Telegram post presses there, with the secret; until it is asked for them, or told otherwise."""
        with translated(token):
            await self.bot(token).set_webhook(address, secret_token=secret, allowed_updates=["callback_query"])

    async def close(self) -> None:
        """Give back connections."""
        await self._request.shutdown()
        await self._polls.shutdown()

    async def _tell(self, outgoing: Outgoing, chat_id: int | str) -> dict[str, Any]:
        bot = self.bot(outgoing.token)
        markup = _markup(outgoing.keyboard)
        if outgoing.photo is not None:
            try:
                sent = await bot.send_photo(
                    chat_id,
                    outgoing.photo,
                    caption=_html(outgoing.letter, CAPTION_UNITS),
                    parse_mode=ParseMode.HTML,
                    message_thread_id=outgoing.thread_id,
                    disable_notification=outgoing.silent,
                    reply_markup=markup,
                    filename="snapshot.jpg",
                )
                return _receipt(sent, has_photo=True)
            except NetworkError as error:
                if not _is_about_the_photo(error):
                    raise
                log.warning("telegram_photo_refused", chat_id=chat_id, reason=str(error)[:_REASON])
        sent = await bot.send_message(
            chat_id,
            _html(outgoing.letter, TEXT_UNITS),
            parse_mode=ParseMode.HTML,
            message_thread_id=outgoing.thread_id,
            disable_notification=outgoing.silent,
            link_preview_options=_NO_PREVIEW,
            reply_markup=markup,
        )
        return _receipt(sent, has_photo=False)


@contextmanager
def translated(token: str) -> Iterator[None]:
    """Telegram's errors as those of Argus. The token is in none of them."""
    try:
        yield
    except RetryAfter as error:
        seconds = retry_after_s(error)
        raise Transient(f"Telegram asks to wait {seconds:g} s", retry_after_s=seconds) from None
    except ChatMigrated as error:
        raise Permanent(f"the group has become the supergroup {error.new_chat_id}") from None
    except Forbidden as error:
        raise Permanent(reason_of(error, token)) from None
    except InvalidToken:
        raise Permanent("Telegram does not know the bot's token") from None
    except BadRequest as error:
        raise Permanent(reason_of(error, token)) from None
    except TimedOut:
        raise Transient("Telegram did not answer in time") from None
    except TelegramError as error:
        raise Transient(reason_of(error, token)) from None


def retry_after_s(error: RetryAfter) -> float:
    """The seconds that Telegram asks for."""
    wanted = error.retry_after
    return wanted.total_seconds() if isinstance(wanted, timedelta) else float(wanted)


def reason_of(error: TelegramError, token: str) -> str:
    """What Telegram said, in one short line without the token."""
    return " ".join(str(error).replace(token, "***").split())[:_REASON]


def _is_about_the_photo(error: NetworkError) -> bool:
    said = error.message.lower()
    refused = isinstance(error, BadRequest) or "(413)" in said or said.startswith("request entity too large")
    return refused and any(word in said for word in _OF_THE_PHOTO)


def _html(letter: Letter, most_units: int) -> str:
    # Telegram counts what is shown: the limit is for the words, not for what escaping makes of them.
    words = fitted(letter, most_units=most_units)
    title = f"<b>{html.escape(words.title, quote=False)}</b>" if words.title else ""
    return "\n".join(part for part in (title, html.escape(words.body, quote=False)) if part)


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    rows: Sequence[Sequence[InlineKeyboardButton]] = [
        [InlineKeyboardButton(button["text"], callback_data=button["callback_data"]) for button in row]
        for row in keyboard
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _receipt(sent: Message, *, has_photo: bool) -> dict[str, Any]:
    return {"message_id": sent.message_id, "chat_id": sent.chat.id, "photo": has_photo}


def _pool(connections: int, *, timeout_s: float) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=connections,
        read_timeout=timeout_s,
        write_timeout=timeout_s,
        connect_timeout=timeout_s,
        pool_timeout=timeout_s,
        media_write_timeout=timeout_s,
    )
