"""Telegram calls the gateway when somebody presses a button."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from services.gateway.answer_words import WORDS
from shared.db.tables import Alert, AuditRow, Feedback, RecipientRow
from shared.domain.recipient import Press
from shared.recipients.telegram_hooks import SECRET_HEADER, open_hooks
from shared.recipients.telegram_presses import press_data
from shared.settings import Settings
from tests.unit.gateway.installation import START, Api, Template, open_api

BOT, OTHER = "123456", "654321"


@pytest.fixture
def hooked(api: Api, api_settings: Settings, template: Template) -> Iterator[Api]:
    """The same installation, where Telegram calls."""
    options = {"telegram": {"token": f"{BOT}:AAH", "answers": "webhook"}}
    alerts = api_settings.alerts.model_copy(update={"channel_settings": options})
    opened = open_api(api_settings.model_copy(update={"alerts": alerts}), template.keys)
    yield opened
    opened.opened.close()


def _told(api: Api, *, chat: int = 7, secret: str | None = None, language: str = "fr") -> str:
    """A chat was told of an event; the delivery's id."""
    account, box = api.account_id("alice"), api.opened.gateway.box
    with api.session() as session:
        row = RecipientRow(
            account_id=account,
            channel="telegram",
            name="Watch",
            address={"chat_id": chat},
            secret_encrypted=box.seal(secret) if secret else None,
            notification_types=["alerts"],
            language=language,
            verified_at=START,
            created_at=START,
            updated_at=START,
        )
        session.add(row)
        session.commit()
        number = row.id
    return api.add_delivery(api.add_event(), channel="telegram", recipient=str(number))


def _update(delivery: str, press: Press, *, chat: int = 7) -> dict[str, Any]:
    message = {"message_id": 12, "chat": {"id": chat, "type": "private"}}
    sender = {"id": 55, "is_bot": False, "first_name": "Anna", "username": "anna"}
    query = {"id": "q1", "from": sender, "message": message, "data": press_data(delivery, press)}
    return {"update_id": 1, "callback_query": query}


def _call(api: Api, body: Any, *, bot: str = BOT, secret: str | None = None) -> TestResponse:
    said = open_hooks(api.opened.gateway.box, None).secret(bot) if secret is None else secret
    return api.post(f"/telegram/{bot}", body, who=None, headers={SECRET_HEADER: said})


def _changes(api: Api) -> tuple[int | None, int | None]:
    with api.session() as session:
        said = session.scalar(select(func.count()).select_from(Feedback))
        return said, session.scalar(select(func.count()).where(Alert.acknowledged_at.is_not(None)))


def test_a_press_is_carried_out_once_and_answered_in_the_chats_language(hooked: Api) -> None:
    update = _update(_told(hooked), "false_alarm")
    for text in (WORDS["fr"].done["false_alarm"], WORDS["fr"].already["false_alarm"]):
        answer = _call(hooked, update)
        assert answer.status_code == 200
        assert answer.json == {"method": "answerCallbackQuery", "callback_query_id": "q1", "text": text}
    assert _changes(hooked) == (1, 1)
    with hooked.session() as session:
        assert session.scalars(select(Feedback.author)).one() == "@anna"
        trail = session.scalars(select(AuditRow)).one()
    assert (trail.action, trail.principal, trail.address) == ("alert.false_alarm", "@anna", "telegram")


@pytest.mark.parametrize("secret", ["", "wrong", "ÿ", open_hooks.__name__])
def test_nobody_but_telegram_is_heard(hooked: Api, secret: str) -> None:
    update = _update(_told(hooked), "confirm")
    assert _call(hooked, update, secret=secret).status_code == 403
    assert _changes(hooked) == (0, 0)


def test_each_bot_has_a_secret_of_its_own_and_speaks_for_its_own_chats(hooked: Api) -> None:
    update = _update(_told(hooked), "confirm")
    hooks = open_hooks(hooked.opened.gateway.box, None)
    assert _call(hooked, update, secret=hooks.secret(OTHER)).status_code == 403
    for answer in (_call(hooked, update, bot=OTHER), _call(hooked, _update(update["callback_query"]["id"], "mute"))):
        assert (answer.status_code, answer.json) == (
            200,
            {"method": "answerCallbackQuery", "callback_query_id": "q1"},
        )
    assert _changes(hooked) == (0, 0)


def test_a_recipients_own_bot_is_heard_and_another_chat_is_not(hooked: Api) -> None:
    delivery = _told(hooked, secret=f"{OTHER}:own")
    _call(hooked, _update(delivery, "acknowledge"))
    _call(hooked, _update(delivery, "acknowledge", chat=8), bot=OTHER)
    assert _changes(hooked) == (0, 0)
    _call(hooked, _update(delivery, "acknowledge"), bot=OTHER)
    assert _changes(hooked) == (0, 1)


@pytest.mark.parametrize("body", [{}, {"update_id": 1, "message": {"text": "hello"}}, {"callback_query": [1]}])
def test_what_is_no_press_is_taken_and_forgotten(hooked: Api, body: dict[str, Any]) -> None:
    answer = _call(hooked, body)
    assert (answer.status_code, answer.json) == (200, {})


def test_where_presses_come_back_otherwise_there_is_nothing_to_call(api: Api) -> None:
    assert _call(api, {}).status_code == 404
