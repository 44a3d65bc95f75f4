"""Where each channel reaches its recipients: what is stored as `RecipientRow.address`, and checked before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.recipients.email_address import checked_email

_LINE_ID = r"^[UCR][0-9a-f]{32}$"
_LINE_USER = r"^U[0-9a-f]{32}$"
_CHAT_NAME = r"^@[A-Za-z][A-Za-z0-9_]{3,31}$"
_TOPIC = r"^[^\x00-\x1f\x7f+#]{1,255}$"


MAX_MULTICAST: Final = 500
"""The most users that one call to LINE tells."""


class Address(BaseModel):
    """The base of all; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EmailAddress(Address):
    """A mailbox."""

    email: Annotated[str, Field(max_length=254), checked_email]


class TelegramAddress(Address):
    """A chat: its number, or the @name of a public channel; `thread_id` is a topic of a forum.

    The recipient's secret, if any, is the token of a bot of its own.
    """

    chat_id: int | Annotated[str, Field(pattern=_CHAT_NAME)]
    thread_id: int | None = Field(default=None, ge=1)


class LineAddress(Address):
    """A user, group or room of LINE, or a list of users (a multicast); without `to`, everybody who follows the official
    account (a broadcast).

    The recipient's secret is the channel access token of the Messaging API.
    """

    to: (
        Annotated[str, Field(pattern=_LINE_ID)]
        | Annotated[
            tuple[Annotated[str, Field(pattern=_LINE_USER)], ...], Field(min_length=1, max_length=MAX_MULTICAST)
        ]
        | None
    ) = None


class PhysicalAddress(Address):
    """A siren, lamp or lock behind a relay, switched on for `pulse_s` seconds.

    `shelly` (generation 1 or 2), `tasmota` and `http` are reached at `url` (`http`: called to switch on, `off_url` to
    switch off), `mqtt` by `topic` on the broker of the channel mqtt, `gpio` as `line` of the chip `chip`. The
    recipient's secret is `user:password` where the device wants it.
    """

    kind: Literal["shelly", "tasmota", "http", "mqtt", "gpio"]
    url: str | None = Field(default=None, max_length=2048)
    off_url: str | None = Field(default=None, max_length=2048)
    relay: int = Field(default=0, ge=0, le=15)
    topic: Annotated[str, Field(pattern=_TOPIC)] | None = None
    payload_on: str = Field(default="ON", max_length=256)
    payload_off: str = Field(default="OFF", max_length=256)
    chip: str = Field(default="/dev/gpiochip0", pattern=r"^/dev/gpiochip\d{1,3}$")
    line: int | None = Field(default=None, ge=0, le=1023)
    active_low: bool = False
    pulse_s: float = Field(default=10.0, ge=0.2, le=600, allow_inf_nan=False)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"mqtt": "topic", "gpio": "line"}.get(self.kind, "url")
        if getattr(self, needed) is None:
            raise ValueError(f"{needed} is required with kind {self.kind}")
        if self.kind == "http" and self.off_url is None:
            raise ValueError("off_url is required with kind http")
        return self


ADDRESSES: Final[Mapping[str, type[Address]]] = {
    "email": EmailAddress,
    "telegram": TelegramAddress,
    "line": LineAddress,
    "physical": PhysicalAddress,
}
"""The model of each channel that has recipients of its own. `webhook` has its own table, `mqtt` one broker."""


def parse_address(channel: str, stored: Mapping[str, Any]) -> Address:
    """The address of a recipient. Raises pydantic's `ValidationError`, and `KeyError` for a channel without any."""
    return ADDRESSES[channel].model_validate(stored)
