"""What recipients answer by the buttons in Telegram, where Telegram calls the gateway."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.gateway.answer_words import WORDS
from services.gateway.gateway import Gateway
from services.gateway.problem import Problem, Refusal
from shared.accounts.audit import Actor
from shared.db.recipients import RecipientRow
from shared.domain.errors import NotFound, UserError
from shared.observability import get_logger
from shared.recipients.answering import answerer_of, carry_out
from shared.recipients.links import Link
from shared.recipients.telegram_chats import told_chat
from shared.recipients.telegram_hooks import bot_number, open_hooks
from shared.recipients.telegram_presses import Pressed, answer_call, answers_in

log = get_logger("gateway.telegram")

_CHANNEL = "telegram"


def check_caller(gateway: Gateway, bot: str, secret: str) -> None:
    """Raises `NotFound` where Telegram is not to call, and `Refusal` (403) for a caller that is not Telegram."""
    if _options(gateway).get("answers") != "webhook":
        raise NotFound("bot", "presses do not come back by webhook here")
    if not open_hooks(gateway.box, None).is_secret(bot, secret):
        raise Refusal(Problem(403, "forbidden", "The secret token is not the one of this bot"))


def press(gateway: Gateway, bot: str, update: object) -> dict[str, Any]:
    """Carry out what the update tells of, once however often it comes; the call that answers whoever pressed."""
    pressed = answers_in(update)
    if pressed is None:
        return {}
    with gateway.writing() as session:
        row = told_chat(session, pressed)
        if row is None or _bot_of(gateway, row) != bot:
            log.warning("press_refused", chat_id=pressed.chat_id, delivery_id=pressed.delivery_id, who=pressed.who)
            return answer_call(pressed, None)
        return answer_call(pressed, _carry_out(gateway, session, row, pressed))


def _carry_out(gateway: Gateway, session: Session, row: RecipientRow, pressed: Pressed) -> str:
    words = WORDS.get(row.language, WORDS["en"])
    link, now = Link(pressed.press, pressed.delivery_id), gateway.now()
    actor = Actor(principal=pressed.who, account_id=row.account_id, address=_CHANNEL)
    try:
        answerer = answerer_of(session, link, who=pressed.who, for_update=True)
    except NotFound:
        return words.gone
    outcome = carry_out(session, link, answerer, actor=actor, action=f"alert.{pressed.press}", now=now)
    if outcome in ("event gone", "several events"):
        return words.gone
    return (words.done if outcome == "done" else words.already)[pressed.press]


def _bot_of(gateway: Gateway, row: RecipientRow) -> str | None:
    """The number of the bot over which the recipient is told."""
    try:
        own = gateway.box.open(row.secret_encrypted) if row.secret_encrypted else ""
    except UserError:
        return None
    return bot_number(own or str(_options(gateway).get("token") or "")) or None


def _options(gateway: Gateway) -> dict[str, Any]:
    return gateway.settings.alerts.channel_settings.get(_CHANNEL, {})
