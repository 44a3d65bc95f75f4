"""The settings of the channel telegram, and what the Bot API allows."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from services.alerts.pace import Limit
from shared.settings.section import Section

CAPTION_UNITS: Final = 1024
"""The longest caption of a photo, UTF-16 code units after entities are parsed."""
TEXT_UNITS: Final = 4096
"""The longest message without one."""
BUTTON_UNITS: Final = 60
"""Longer words on a button are cut by the apps."""
PHOTO_BYTES: Final = 10 * 1024 * 1024
"""The largest photo."""

PER_BOT: Final = Limit(most=30, within_s=1.0, burst=5)
PER_CHAT: Final = Limit(most=1, within_s=1.0)
PER_GROUP: Final = Limit(most=20, within_s=60.0, burst=10)
"""What Telegram asks of bots, see https://core.telegram.org/bots/faq: by the second, and in a group by the minute."""


def _http(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    return url.rstrip("/")


class TelegramOptions(Section):
    """The channel's own settings."""

    token: SecretStr | None = Field(
        default=None, description="the bot's token, for recipients without one of their own"
    )
    base_url: Annotated[str, AfterValidator(_http)] = Field(
        default="https://api.telegram.org", description="where the Bot API is, such as a server of your own"
    )
    timeout_s: float = Field(default=20.0, ge=0.5, le=120, description="for one message with its photo")
    answers: Literal["polling", "webhook", "off"] = Field(
        default="polling", description="how presses of buttons come back; off: no buttons"
    )
    poll_s: int = Field(default=10, ge=1, le=50, description="how long one question for presses waits")
    refresh_s: float = Field(
        default=10.0, gt=0, le=600, description="how often the recipients' own bots are looked for"
    )
