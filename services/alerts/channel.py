"""The contract of a channel: one way of telling people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self

from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.alerts.channels import CATALOGUE
from services.alerts.notice import Notice
from services.alerts.policy import Recipient
from shared.db.secrets import SecretBox
from shared.domain.errors import UserError
from shared.plugin import load_class
from shared.settings import Settings
from shared.settings.section import nearest, parse_section


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery to be made. `delivery_id` is the same on every attempt, so that a receiver can tell repetitions.

    `amends` is the receipt of what the recipient was told of the alert before, when this is to change that.
    """

    delivery_id: str
    attempt: int
    notice: Notice
    amends: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiver's side said; `detail` is JSON-able and holds no secret.

    Two names are understood by all: `message_id`, what the receiver's side calls the message, and `device`, what was
    switched on where a channel moves things instead of telling people.
    """

    detail: Mapping[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """Thread-safe. Never retries by itself: it says what went wrong, the courier decides."""

    settings_type: ClassVar[type[BaseModel]]
    can_amend: ClassVar[bool]
    """Whether what was sent can be changed later; else nothing that amends is ever sent over this channel."""

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        """Make it from the settings and its own (`options`, a `settings_type`). Connects to nothing."""
        ...

    @property
    def timeout_s(self) -> float:
        """The longest that `send` takes."""
        ...

    def recipients(self, session: Session) -> list[Recipient]:
        """Everybody who can be told now."""
        ...

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> Any:
        """What `send` needs to reach the recipient. Raises `Permanent` when it no longer exists."""
        ...

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        """Tell the recipient. Blocks up to `timeout_s`.

        Raises `Transient` (with `retry_after_s` when the receiver said so) or `Permanent`.
        """
        ...

    def abort(self) -> None:
        """Break off what is being sent; those calls raise `Transient`."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


def open_channels(settings: Settings, box: SecretBox) -> dict[str, Channel]:
    """The channels in use by their names. Raises `UserError` for an unknown one or wrong settings of its own."""
    for name in settings.alerts.channel_settings:
        if name not in CATALOGUE:
            field = f"alerts.channel_settings.{name[:64]}"
            raise UserError(field, "there is no such channel", remedy=nearest(name, CATALOGUE))
    channels = {}
    for name in settings.alerts.channels:
        plugin = load_class("channel", name, catalogue=CATALOGUE)
        values = settings.alerts.channel_settings.get(name, {})
        options = parse_section(plugin.settings_type, values, path=f"alerts.channel_settings.{name}")
        channels[name] = plugin.open(settings, options, box)
    return channels
