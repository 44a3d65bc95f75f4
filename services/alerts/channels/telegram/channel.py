"""The channel telegram: photos with captions, buttons under them, and later changes, by a bot."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from services.alerts.answers import Take
from services.alerts.channel import Parcel, Receipt
from services.alerts.channels.telegram.options import (
    BUTTON_UNITS,
    PER_BOT,
    PER_CHAT,
    PER_GROUP,
    PHOTO_BYTES,
    TelegramOptions,
)
from services.alerts.fitting import clean, cut
from services.alerts.letter import Button, Letter, letter
from services.alerts.loop_thread import LoopThread
from services.alerts.pace import MOST_WAIT_S, Limit, Pace
from services.alerts.policy import Recipient
from services.alerts.stored_recipients import language_of, stored_recipient, stored_recipients, token_of, zone_of
from shared.db.recipients import RecipientRow
from shared.db.secrets import SecretBox
from shared.domain.errors import ArgusError, Permanent, UserError
from shared.domain.recipient import Language
from shared.media import MediaStore
from shared.observability import get_logger
from shared.recipients.addresses import TelegramAddress
from shared.recipients.telegram_hooks import open_hooks
from shared.recipients.telegram_presses import press_data
from shared.settings import Settings

if TYPE_CHECKING:
    from services.alerts.channels.telegram.api import BotApi, Outgoing

log = get_logger("alerts.telegram")

NAME = "telegram"

_LEAST_S = 0.1
_BUTTONS_A_ROW = 2


@dataclass(frozen=True, slots=True)
class Chat:
    """Where to send, as which bot, in which language, by which clock; the token is in the clear, never log it."""

    chat_id: int | str
    token: str = field(repr=False)
    thread_id: int | None = None
    language: Language = "en"
    zone: tzinfo = UTC


class TelegramChannel:
    """Tells chats. The library is loaded, and a connection opened, by the first message or the first bot to ask."""

    settings_type: ClassVar[type[BaseModel]] = TelegramOptions
    can_amend: ClassVar[bool] = True

    def __init__(
        self,
        settings: Settings,
        box: SecretBox,
        *,
        options: TelegramOptions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._box = box
        self._options = options
        self._now = now
        self._pace = Pace.of(settings)
        self._loop = LoopThread("telegram")
        self._lock = threading.Lock()
        self._made_api: BotApi | None = None
        self._made_media: MediaStore | None = None

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        hooks = open_hooks(box, settings.gateway.public_url)
        if options.answers == "webhook" and hooks.address("0") is None:
            raise UserError(
                f"alerts.channel_settings.{NAME}.answers",
                "webhook needs an address at which Telegram reaches the gateway, by https",
                remedy="set gateway.public_url to it, or answers to polling",
            )
        return cls(settings, box, options=options)

    @property
    def timeout_s(self) -> float:
        return self._options.timeout_s + MOST_WAIT_S

    def recipients(self, session: Session) -> list[Recipient]:
        return stored_recipients(session, NAME)

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> Chat:
        row = stored_recipient(session, recipient, channel=NAME, decided_at=decided_at)
        try:
            address = TelegramAddress.model_validate(row.address)
        except ValidationError:
            raise Permanent("the recipient's address cannot be read") from None
        return Chat(
            chat_id=address.chat_id,
            token=self.token_of(row),
            thread_id=address.thread_id,
            language=language_of(row),
            zone=zone_of(row),
        )

    def token_of(self, row: RecipientRow) -> str:
        """The token of the recipient's own bot, else the installation's. Raises `Permanent` when there is neither."""
        missing = "there is no bot: give the recipient a token, or set the channel's"
        return token_of(row, self._box, self._options.token, missing=missing)

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        chat: Chat = address
        api = self._api()  # loading the library, once, is not what the time is for
        until = time.monotonic() + self.timeout_s
        self._pace.wait(_limits(chat))
        outgoing, told = self._outgoing(chat, parcel), parcel.amends
        left_s = max(_LEAST_S, until - time.monotonic())
        if told and told.get("message_id") and told.get("chat_id"):
            return Receipt(self._loop.run(lambda: api.change(outgoing, told), timeout_s=left_s))
        return Receipt(self._loop.run(lambda: api.tell(outgoing), timeout_s=left_s))

    def listen(self, stop: threading.Event, take: Take) -> None:
        """Hear of presses from the bots of this installation: ask each, once whatever the replicas, or have it call."""
        if self._options.answers == "off":
            stop.wait()
            return
        from services.alerts.channels.telegram.listener import Listener

        by_webhook = self._options.answers == "webhook"
        listener = Listener(
            self._settings,
            options=self._options,
            token_of=self.token_of,
            api=self._api,
            loop=self._loop,
            hooks=open_hooks(self._box, self._settings.gateway.public_url) if by_webhook else None,
        )
        listener.run(stop, take)

    def abort(self) -> None:
        self._loop.abort()

    def close(self) -> None:
        self._loop.close(self._made_api.close if self._made_api is not None else None)
        self._pace.close()

    def _api(self) -> BotApi:
        with self._lock:
            if self._made_api is None:
                from services.alerts.channels.telegram.api import BotApi

                self._made_api = BotApi(
                    base_url=self._options.base_url,
                    connections=self._settings.alerts.concurrency * 2,
                    timeout_s=self._options.timeout_s,
                    poll_s=self._options.poll_s,
                )
            return self._made_api

    def _outgoing(self, chat: Chat, parcel: Parcel) -> Outgoing:
        from services.alerts.channels.telegram.api import Outgoing

        words = letter(
            parcel.notice,
            language=chat.language,
            now=self._now(),
            public_url=self._settings.gateway.public_url,
            zone=chat.zone,
        )
        return Outgoing(
            token=chat.token,
            chat_id=chat.chat_id,
            thread_id=chat.thread_id,
            letter=words,
            keyboard=() if self._options.answers == "off" else _keyboard(words.buttons, parcel.delivery_id),
            photo=None if parcel.amends else self._photo(words),
            silent=parcel.notice.severity <= 0,
        )

    def _photo(self, words: Letter) -> bytes | None:
        """The picture, if it is there and not too large: an alert without it is worth more than none."""
        if words.photo is None:
            return None
        try:
            content = self._media().read(words.photo)
        except (FileNotFoundError, ArgusError) as error:
            log.info("telegram_photo_missing", photo=words.photo, reason=type(error).__name__)
            return None
        return content if 0 < len(content) <= PHOTO_BYTES else None

    def _media(self) -> MediaStore:
        with self._lock:
            if self._made_media is None:
                self._made_media = MediaStore.open(self._settings.effective_media_url)
            return self._made_media


def _limits(chat: Chat) -> dict[str, Limit]:
    # A part of a digest names the bot: keys of Redis are read by more people than tokens are for.
    bot = hashlib.sha256(chat.token.encode()).hexdigest()[:16]
    where = f"telegram:{bot}:{chat.chat_id}"
    is_group = isinstance(chat.chat_id, str) or chat.chat_id < 0
    of_group = {f"{where}:minute": PER_GROUP} if is_group else {}
    return {where: PER_CHAT, **of_group, f"telegram:{bot}": PER_BOT}


def _keyboard(buttons: tuple[Button, ...], delivery_id: str) -> list[list[dict[str, str]]]:
    made = [
        {"text": cut(clean(button.text), BUTTON_UNITS), "callback_data": data}
        for button in buttons
        if (data := press_data(delivery_id, button.press)) is not None
    ]
    return [made[start : start + _BUTTONS_A_ROW] for start in range(0, len(made), _BUTTONS_A_ROW)]
