"""Whether a press came from the chat that the message was for."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy.orm import Session

from shared.db.recipients import RecipientRow
from shared.db.tables import Delivery
from shared.recipients.addresses import TelegramAddress
from shared.recipients.telegram_presses import Pressed

_CHANNEL = "telegram"


def told_chat(session: Session, pressed: Pressed) -> RecipientRow | None:
    """The recipient whom the delivery told in just this chat; None for a press that is to be refused.

    The data of a button can be sent by anybody from any chat that the bot is in: only the recipient's own chat
    answers for its deliveries. None too when delivery or recipient is gone or disabled, or the chat is another now.
    """
    delivery = session.get(Delivery, pressed.delivery_id)
    if delivery is None or delivery.channel != _CHANNEL or not delivery.recipient.isascii():
        return None
    row = session.get(RecipientRow, int(delivery.recipient)) if delivery.recipient.isdecimal() else None
    # Numbers of deleted rows may be given out again: a younger recipient is not the one that was told.
    if row is None or row.channel != _CHANNEL or not row.enabled or row.created_at > delivery.created_at:
        return None
    try:
        address = TelegramAddress.model_validate(row.address)
    except ValidationError:
        return None
    if _is_same(address.chat_id, pressed) or _moved_there(delivery, address.chat_id, pressed):
        return row
    return None


def _is_same(chat: int | str, pressed: Pressed) -> bool:
    if isinstance(chat, int):
        return chat == pressed.chat_id
    return pressed.chat_name is not None and chat.lower() == pressed.chat_name.lower()


def _moved_there(delivery: Delivery, chat: int | str, pressed: Pressed) -> bool:
    """A group that became a supergroup has another number since, which stands in the receipt."""
    receipt = delivery.receipt or {}
    return receipt.get("moved_from") == chat and receipt.get("chat_id") == pressed.chat_id
