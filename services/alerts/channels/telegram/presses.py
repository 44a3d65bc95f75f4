"""Carrying out the presses of buttons that Telegram tells of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import OperationalError

from services.alerts.answers import Answer, Take
from services.alerts.loop_thread import LoopThread
from shared.db.engine import SessionFactory, as_transient
from shared.db.recipients import RecipientRow
from shared.domain.errors import ArgusError, Permanent
from shared.observability import get_logger
from shared.recipients.telegram_chats import told_chat
from shared.recipients.telegram_presses import Pressed, answer_text, answers_in, marked

if TYPE_CHECKING:
    from services.alerts.channels.telegram.api import BotApi

log = get_logger("alerts.telegram")

_CHANNEL = "telegram"
_TIMEOUT_S = 10.0


class Presses:
    """Checks where a press came from, hands it over, and shows whoever pressed what came of it. Thread-safe."""

    def __init__(
        self,
        sessions: SessionFactory,
        take: Take,
        *,
        token_of: Callable[[RecipientRow], str],
        api: Callable[[], BotApi],
        loop: LoopThread,
    ) -> None:
        self._sessions = sessions
        self._take = take
        self._token_of = token_of
        self._api = api
        self._loop = loop

    def carry_out(self, token: str, update: Mapping[str, Any]) -> None:
        """Blocks. Raises `Transient` when it cannot be carried out now; a second time with the same does no harm."""
        pressed = answers_in(update)
        if pressed is None:
            return
        if not self._is_allowed(token, pressed):
            log.warning("press_refused", chat_id=pressed.chat_id, delivery_id=pressed.delivery_id, who=pressed.who)
            self._respond(token, pressed, None)
            return
        line = self._take(Answer(_CHANNEL, pressed.delivery_id, pressed.press, pressed.who))
        self._respond(token, pressed, line)
        self._mark(token, pressed)

    def _is_allowed(self, token: str, pressed: Pressed) -> bool:
        """Whether the chat was told just this, by just this bot."""
        try:
            with self._sessions() as session:
                row = told_chat(session, pressed)
        except OperationalError as error:
            raise as_transient(error) from error
        try:
            return row is not None and self._token_of(row) == token
        except Permanent:
            return False

    def _respond(self, token: str, pressed: Pressed, line: str | None) -> None:
        text = answer_text(line) if line else None
        try:
            self._loop.run(lambda: self._api().respond(token, pressed.callback_id, text), timeout_s=_TIMEOUT_S)
        except ArgusError as error:
            # What was asked for is done; a press of long ago is not waited for any more.
            log.info("press_unanswered", delivery_id=pressed.delivery_id, reason=str(error))

    def _mark(self, token: str, pressed: Pressed) -> None:
        after = marked(pressed)
        if not pressed.keyboard or after == _plain(pressed.keyboard):
            return
        try:
            self._loop.run(
                lambda: self._api().show_buttons(
                    token, chat_id=pressed.chat_id, message_id=pressed.message_id, keyboard=after
                ),
                timeout_s=_TIMEOUT_S,
            )
        except ArgusError as error:
            log.info("press_unmarked", delivery_id=pressed.delivery_id, reason=str(error))


def _plain(keyboard: Sequence[Sequence[Mapping[str, Any]]]) -> list[list[dict[str, Any]]]:
    return [[dict(button) for button in row] for row in keyboard]
