"""Telling a mailbox."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from sqlalchemy.orm import Session

from services.alerts.channel import Parcel, Receipt
from services.alerts.letter import Letter, letter
from services.alerts.loop_thread import LoopThread
from services.alerts.policy import Recipient
from services.alerts.stored_recipients import language_of, stored_recipient, stored_recipients, zone_of
from shared.db.secrets import SecretBox
from shared.domain.errors import Permanent, Transient, UserError
from shared.domain.recipient import VERIFICATION, Language
from shared.media.store import MediaStore
from shared.net.guard import Resolver, system_resolver
from shared.observability import get_logger
from shared.recipients.addresses import EmailAddress, parse_address
from shared.recipients.email_address import checked_email
from shared.recipients.links import LinkPress, Links, open_links
from shared.settings import Settings

if TYPE_CHECKING:
    from services.alerts.email_form import Reader
    from services.alerts.smtp import Envelope, Mailer

log = get_logger("alerts.email")

NAME = "email"

PICTURE_SIDE: Final = 1280
PICTURE_BYTES: Final = 1 << 20
"""A larger snapshot is scaled down to this; one that cannot be is left out."""

_PORTS: Final = {"starttls": 587, "tls": 465, "plain": 25}
_UNSET_S: Final = 300.0

Mailbox = Annotated[str, Field(max_length=254), checked_email]


class EmailOptions(BaseModel):
    """The channel's own settings. Without `host` the channel is not in use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str | None = Field(default=None, min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "plain"] = "starttls"
    username: str | None = Field(default=None, min_length=1)
    password: SecretStr | None = None
    from_address: Mailbox | None = None
    from_name: str = Field(default="Argus", max_length=64)
    timeout_s: float = Field(default=30.0, gt=0, le=300)
    ca_file: Path | None = None
    verify: bool = True
    hostname: str | None = Field(default=None, max_length=253, pattern=r"^[A-Za-z0-9.:\[\]-]+$")
    list_unsubscribe: Mailbox | None = None
    connections: int = Field(default=3, ge=1, le=32)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.host is not None and self.from_address is None:
            raise ValueError("host needs from_address, the address that messages come from")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        if self.security == "plain" and self.password is not None:
            raise ValueError("security plain would show the password to the network: use starttls or tls")
        return self


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox, and how its owner reads: `recipient` is its number, `zone` the clock on its wall."""

    email: str
    name: str = ""
    language: Language = "en"
    zone: tzinfo = field(default=UTC)


class EmailChannel:
    """Sends one message per recipient, text and HTML with the snapshot inside.

    What was sent cannot be changed; a verdict that came later is told as a follow-up in the same thread, and nothing
    is sent where the verdict is the one that the recipient knows.
    """

    settings_type: ClassVar[type[BaseModel]] = EmailOptions
    can_amend: ClassVar[bool] = True

    def __init__(
        self,
        options: EmailOptions,
        *,
        media_url: str,
        public_url: str | None = None,
        links: Links | None = None,
        resolver: Resolver = system_resolver,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._options = options
        self._media_url = media_url
        self._public_url = public_url
        self._links = links
        self._resolver = resolver
        self._now = now
        self._loop = LoopThread(NAME)
        self._lock = threading.Lock()
        self._media: MediaStore | None = None
        self._mailer: Mailer | None = None

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        _check_authority(options)
        return cls(
            options,
            media_url=settings.effective_media_url,
            public_url=settings.gateway.public_url,
            links=open_links(settings, box),
        )

    @property
    def timeout_s(self) -> float:
        return self._options.timeout_s

    def recipients(self, session: Session) -> list[Recipient]:
        return stored_recipients(session, NAME) if self._options.host else []

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> Box:
        row = stored_recipient(session, recipient, channel=NAME, decided_at=decided_at)
        try:
            address = parse_address(NAME, row.address)
        except ValidationError:
            raise Permanent("the stored address is no e-mail address") from None
        assert isinstance(address, EmailAddress)  # noqa: S101 – the model of this channel, for the type checker
        return Box(address.email, row.name, language_of(row), zone_of(row))

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        box: Box = address
        verdict = parcel.notice.verdict
        if parcel.amends is not None and parcel.amends.get("verdict") == verdict:
            return Receipt({**parcel.amends, "unchanged": True})
        if not self._options.host:
            raise Transient("no mail server is set: alerts.channel_settings.email.host", retry_after_s=_UNSET_S)
        started = time.monotonic()
        reply, message_id = self._loop.run(partial(self._exchange, box, parcel), timeout_s=self._options.timeout_s)
        duration_ms = round((time.monotonic() - started) * 1000, 1)
        return Receipt({"message_id": message_id, "reply": reply, "verdict": verdict, "duration_ms": duration_ms})

    def abort(self) -> None:
        self._loop.abort()

    def close(self) -> None:
        mailer = self._mailer
        self._loop.close(None if mailer is None else mailer.close)

    async def _exchange(self, box: Box, parcel: Parcel) -> tuple[str, str]:
        import asyncio

        loop = asyncio.get_running_loop()
        # The picture comes from a store that may be far away and hang: that, too, happens within the time there is.
        envelope, message_id = await loop.run_in_executor(None, self._written, box, parcel)
        if self._mailer is None:
            self._mailer = self._opened_mailer()
        return await self._mailer.send(envelope, attempt=parcel.attempt), message_id

    def _written(self, box: Box, parcel: Parcel) -> tuple[Envelope, str]:
        from services.alerts.email_form import Sender, email_of, message_id
        from services.alerts.smtp import Envelope

        options, now = self._options, self._now()
        sender = Sender(options.from_address or "", options.from_name, options.list_unsubscribe)
        said = letter(
            parcel.notice,
            language=box.language,
            now=now,
            public_url=self._public_url,
            zone=box.zone,
        )
        content = email_of(
            said,
            parcel,
            sender=sender,
            reader=self._reader(box, parcel, said),
            now=now,
            picture=self._picture(said.photo),
        )
        return Envelope(sender.address, box.email, content), message_id(parcel.delivery_id, sender.domain)

    def _reader(self, box: Box, parcel: Parcel, said: Letter) -> Reader:
        """Whom it goes to, with the addresses by which this one can answer."""
        from services.alerts.email_form import Reader

        if parcel.notice.label == VERIFICATION:
            verify = self._link_to("verify", parcel)
            if verify is None:
                raise Permanent("a mail that asks for confirmation needs a link: set gateway.public_url")
            return Reader(box.email, box.name, verify_url=verify)
        answers = [(button.text, self._link_to(button.press, parcel)) for button in said.buttons]
        return Reader(
            box.email,
            box.name,
            unsubscribe_url=None if parcel.notice.test else self._link_to("unsubscribe", parcel),
            answers=tuple((text, address) for text, address in answers if address is not None),
        )

    def _link_to(self, press: LinkPress, parcel: Parcel) -> str | None:
        return None if self._links is None else self._links.link_to(press, parcel.delivery_id)

    def _picture(self, path: str | None) -> bytes | None:
        """The snapshot, small enough; None when there is none: an alert without a picture is better than none."""
        from shared.media.picture_head import UnreadablePicture
        from shared.media.scaled import fitting_jpeg

        if path is None:
            return None
        try:
            with self._lock:
                self._media = self._media or MediaStore.open(self._media_url)
            return fitting_jpeg(self._media.read(path), max_side=PICTURE_SIDE, max_bytes=PICTURE_BYTES)
        except (FileNotFoundError, UnreadablePicture, Transient, Permanent) as error:
            log.info("picture_left_out", path=path, reason=str(error)[:200])
            return None

    def _opened_mailer(self) -> Mailer:
        from services.alerts.smtp import Mailer, MailServer

        options = self._options
        server = MailServer(
            host=options.host or "",
            port=options.port or _PORTS[options.security],
            security=options.security,
            username=options.username,
            password=options.password.get_secret_value() if options.password else None,
            ca_file=options.ca_file,
            verify=options.verify,
            hello=options.hostname,
            connections=options.connections,
        )
        return Mailer(server, resolver=self._resolver)


def _check_authority(options: EmailOptions) -> None:
    """Raises `UserError` for a `ca_file` from which no certificate can be read."""
    if options.ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=str(options.ca_file))
    except OSError as error:
        raise UserError(
            "alerts.channel_settings.email.ca_file",
            f"{options.ca_file} cannot be used: {error.strerror or error}",
            remedy="name a file of certificates in PEM form",
        ) from None
