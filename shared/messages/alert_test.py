"""Gateway → a worker of alerts and back: a test alert to send now, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

OutcomeStatus = Literal["sent", "triggered", "failed", "not_configured"]


class AlertTest(BaseModel):
    """What to send to whom. No `account_id`: everybody's recipients, else that account's own.

    No `channels`: all that are in use. `photo` is a picture's path in the media store. With a `recipient`, nobody but
    that one of the only channel; whether the asker may do so was looked at before.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    account_id: int | None
    channels: tuple[str, ...]
    message: str
    photo: str | None = None
    recipient: str | None = None


class ChannelOutcome(BaseModel):
    """How one channel's test went.

    `triggered` is what devices are, `sent` what people are told. `recipients` counts whom it reached, also when it
    `failed` for others; `reason` says why it failed or is not configured.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: OutcomeStatus
    reason: str | None = None
    message_id: int | str | None = None
    recipients: int | None = None
    devices: tuple[str, ...] | None = None


_OUTCOMES = TypeAdapter(dict[str, ChannelOutcome])


def encode_outcomes(outcomes: Mapping[str, ChannelOutcome]) -> bytes:
    """The answer as it travels, by the channels' names and in their order."""
    return _OUTCOMES.dump_json(dict(outcomes), exclude_none=True)


def decode_outcomes(raw: bytes) -> dict[str, ChannelOutcome]:
    """Raises pydantic's `ValidationError` for what is no answer."""
    return _OUTCOMES.validate_json(raw)
