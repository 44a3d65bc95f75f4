"""Times on the wire."""

from __future__ import annotations

from datetime import UTC, datetime


def whole_seconds(at: datetime) -> str:
    """`2025-01-15T10:30:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole_seconds_or_none(at: datetime | None) -> str | None:
    return whole_seconds(at) if at is not None else None
