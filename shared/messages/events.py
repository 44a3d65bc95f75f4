"""Outbox relay → everybody: events that people may be told of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import Field

from shared.messages.message import Message, UtcTime

EventKind = Literal["detection", "camera_down", "camera_up"]
Verdict = Literal["confirmed", "rejected", "unverified"]
"""What the judge said of an event; `unverified`: nothing, in the time it had."""


class EventRaised(Message):
    """A rule found a presence (or a camera's fault) worth telling. Carries what an alert needs at once.

    It is for all whom `channels` reach and for `recipients` (ids); for everybody where neither is named.
    `captured_at` is the capture time of the deciding frame, `stored_at` the time of the commit. `verdict` and
    `ai_response` are there when the judge was asked and spoke in time; what it says later comes as `EventJudged`.
    Events of one `incident_id` are to be one alert.
    """

    event_id: str
    account_id: int | None
    camera: str
    camera_name: str
    kind: EventKind
    label: str
    confidence: float
    severity: int = 1
    rules: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    recipients: tuple[int, ...] = ()
    zones: tuple[str, ...] = ()
    captured_at: UtcTime
    stored_at: UtcTime
    snapshot: str | None = None
    text: str = ""
    verdict: Verdict | None = None
    ai_response: str | None = None
    threat_level: int | None = Field(default=None, ge=0, le=3)
    incident_id: str | None = None

    @classmethod
    def example(cls) -> Self:
        return cls(
            trace_id="5f1c",
            event_id="550e8400-e29b-41d4-a716-446655440000",
            account_id=1,
            camera="cam_001",
            camera_name="Front door",
            kind="detection",
            label="person",
            confidence=0.94,
            severity=1,
            rules=("rule_001",),
            channels=("webhook",),
            zones=("Door",),
            captured_at=datetime(2026, 1, 15, 10, 30, 45, tzinfo=UTC),
            stored_at=datetime(2026, 1, 15, 10, 30, 45, 80000, tzinfo=UTC),
            snapshot="snapshots/cam_001/2026/01/15/7d3c.jpg",
            text="person in Door",
        )


class EventJudged(Message):
    """The judge spoke after people were told: what they were told is to be amended.

    `ai_response` is its reason in words, `threat_level` 0 (none) to 3 (act now).
    """

    event_id: str
    camera: str
    verdict: Verdict
    ai_response: str
    threat_level: int | None = Field(default=None, ge=0, le=3)
    at: UtcTime

    @classmethod
    def example(cls) -> Self:
        return cls(
            trace_id="5f1c",
            event_id="550e8400-e29b-41d4-a716-446655440000",
            camera="cam_001",
            verdict="confirmed",
            ai_response="An unknown person tries the handle of the front door.",
            threat_level=2,
            at=datetime(2026, 1, 15, 10, 30, 52, tzinfo=UTC),
        )


class EventEnded(Message):
    """The presence behind an event is over."""

    event_id: str
    camera: str
    ended_at: UtcTime

    @classmethod
    def example(cls) -> Self:
        return cls(
            event_id="550e8400-e29b-41d4-a716-446655440000",
            camera="cam_001",
            ended_at=datetime(2026, 1, 15, 10, 31, tzinfo=UTC),
        )
