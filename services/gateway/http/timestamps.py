"""Times on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator


def _instant(value: object) -> datetime:
    """ISO-8601 with any offset (none: UTC). A `+` that was not percent-encoded arrives as a space."""
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > 6 and text[-6] == " ":
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time like 2025-01-15T10:30:00Z") from None


Instant = Annotated[datetime, BeforeValidator(_instant)]
"""A time that a client sends."""


def whole_seconds(at: datetime) -> str:
    """`2025-01-15T10:30:00Z`."""
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()[:19] + "Z"


def whole_seconds_or_none(at: datetime | None) -> str | None:
    return whole_seconds(at) if at is not None else None
