"""`/telegram/{bot}`: where Telegram tells of pressed buttons, when `answers` of its channel is `webhook`."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from services.gateway.gateway import current_gateway
from services.gateway.http.answers import Answer, response_of
from services.gateway.http.json_body import json_object
from services.gateway.usecases import telegram
from shared.recipients.telegram_hooks import PATH, SECRET_HEADER

api = Blueprint("telegram", __name__)


@api.post(f"{PATH}<bot>")
def told_by_telegram(bot: str) -> Response:
    """Take an update of the Bot API; the answer is the call that ends the wait of whoever pressed.

    Telegram repeats what is not answered with 200: while the database is away (503), nothing is lost.
    """
    gateway = current_gateway()
    telegram.check_caller(gateway, bot, request.headers.get(SECRET_HEADER, ""))
    update = json.loads(json_object(request, required=True))
    return response_of(Answer(telegram.press(gateway, bot, update)))
