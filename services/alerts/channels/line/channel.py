"""The channel line: messages of an official account, to one user, group or room, or to all who follow it."""

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

from services.alerts.channel import Parcel, Receipt
from services.alerts.channels.line.options import (
    PER_BROADCASTS,
    PER_CHANNEL,
    PER_MULTICASTS,
    TEXT_UNITS,
    URL_LENGTH,
    LineOptions,
)
from services.alerts.fitting import fitted
from services.alerts.letter import Letter, letter
from services.alerts.loop_thread import LoopThread
from services.alerts.notice import Notice
from services.alerts.pace import MOST_WAIT_S, Limit, Pace
from services.alerts.policy import Recipient
from services.alerts.stored_recipients import language_of, stored_recipient, stored_recipients, token_of, zone_of
from shared.db.secrets import SecretBox
from shared.domain.errors import ArgusError, Permanent
from shared.domain.recipient import Language
from shared.media import MediaStore
from shared.recipients.addresses import LineAddress
from shared.recipients.picture_links import PictureLinks
from shared.settings import Settings

if TYPE_CHECKING:
    from services.alerts.channels.line.api import LineApi, Outgoing

NAME = "line"

_LEAST_S = 0.1


@dataclass(frozen=True, slots=True)
class LineTarget:
    """To whom, as which account, in which language, by which clock; the token is in the clear, never log it."""

    to: str | tuple[str, ...] | None
    token: str = field(repr=False)
    language: Language = "en"
    zone: tzinfo = UTC


class LineChannel:
    """Tells people by LINE. The library is loaded, and a connection opened, by the first message."""

    settings_type: ClassVar[type[BaseModel]] = LineOptions
    can_amend: ClassVar[bool] = False

    def __init__(
        self,
        settings: Settings,
        box: SecretBox,
        *,
        options: LineOptions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._box = box
        self._options = options
        self._now = now
        self._pace = Pace.of(settings)
        self._pictures = PictureLinks(box.derived_key("pictures"), settings.gateway.public_url)
        self._loop = LoopThread("line")
        self._lock = threading.Lock()
        self._made_api: LineApi | None = None
        self._made_media: MediaStore | None = None

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        return cls(settings, box, options=options)

    @property
    def timeout_s(self) -> float:
        return self._options.timeout_s + MOST_WAIT_S

    def recipients(self, session: Session) -> list[Recipient]:
        return stored_recipients(session, NAME)

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> LineTarget:
        row = stored_recipient(session, recipient, channel=NAME, decided_at=decided_at)
        try:
            address = LineAddress.model_validate(row.address)
        except ValidationError:
            raise Permanent("the recipient's address cannot be read") from None
        missing = "there is no channel access token: give the recipient one, or set the channel's"
        token = token_of(row, self._box, self._options.token, missing=missing)
        return LineTarget(address.to, token, language_of(row), zone_of(row))

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        target: LineTarget = address
        api = self._api()  # loading the library, once, is not what the time is for
        until = time.monotonic() + self.timeout_s
        self._pace.wait(_limits(target))
        outgoing = self._outgoing(target, parcel)
        left_s = max(_LEAST_S, until - time.monotonic())
        return Receipt(self._loop.run(lambda: api.tell(outgoing), timeout_s=left_s))

    def abort(self) -> None:
        self._loop.abort()

    def close(self) -> None:
        self._loop.close(self._made_api.close if self._made_api is not None else None)
        self._pace.close()

    def _outgoing(self, target: LineTarget, parcel: Parcel) -> Outgoing:
        from services.alerts.channels.line.api import Outgoing

        public_url = self._settings.gateway.public_url
        words = letter(
            parcel.notice, language=target.language, now=self._now(), public_url=public_url, zone=target.zone
        )
        return Outgoing(
            token=target.token,
            to=target.to,
            delivery_id=parcel.delivery_id,
            text=fitted(words, most_units=TEXT_UNITS).text,
            picture=self._picture(words, parcel.notice),
            silent=parcel.notice.severity <= 0,
        )

    def _picture(self, words: Letter, notice: Notice) -> str | None:
        """Where LINE can fetch the picture; None when there is none, or it cannot be reached from outside."""
        # A test is no event's, and pictures are given out by their events.
        link = None if words.photo is None or notice.test else self._pictures.link_to(notice.event_id, now=self._now())
        if words.photo is None or link is None or len(link) > URL_LENGTH:
            return None
        try:
            return link if self._media().exists(words.photo) else None
        except ArgusError:
            return None

    def _api(self) -> LineApi:
        with self._lock:
            if self._made_api is None:
                from services.alerts.channels.line.api import LineApi

                self._made_api = LineApi(base_url=self._options.base_url, timeout_s=self._options.timeout_s)
            return self._made_api

    def _media(self) -> MediaStore:
        with self._lock:
            if self._made_media is None:
                self._made_media = MediaStore.open(self._settings.effective_media_url)
            return self._made_media


def _limits(target: LineTarget) -> dict[str, Limit]:
    account = f"line:{hashlib.sha256(target.token.encode()).hexdigest()[:16]}"
    if target.to is None:
        return {f"{account}:broadcast": PER_BROADCASTS}
    if not isinstance(target.to, str):
        return {f"{account}:multicast": PER_MULTICASTS}
    return {account: PER_CHANNEL}
