"""The settings of the channel line, and what the Messaging API allows."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field, SecretStr

from services.alerts.pace import Limit
from shared.recipients.line_account import LINE_API
from shared.settings.section import Section

TEXT_UNITS: Final = 5000
"""The longest text message, UTF-16 code units."""
URL_LENGTH: Final = 2000
"""The longest address of a picture."""

PER_CHANNEL: Final = Limit(most=2000, within_s=1.0, burst=100)
PER_MULTICASTS: Final = Limit(most=200, within_s=1.0, burst=50)
PER_BROADCASTS: Final = Limit(most=60, within_s=3600.0, burst=30)
"""What LINE asks of official accounts: https://developers.line.biz/en/reference/messaging-api/#rate-limits"""


def _http(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    return url.rstrip("/")


class LineOptions(Section):
    """The channel's own settings."""

    token: SecretStr | None = Field(
        default=None, description="channel access token, for recipients without one of their own"
    )
    base_url: Annotated[str, AfterValidator(_http)] = Field(default=LINE_API, description="where the Messaging API is")
    timeout_s: float = Field(default=15.0, ge=0.5, le=120, description="for one alert")
