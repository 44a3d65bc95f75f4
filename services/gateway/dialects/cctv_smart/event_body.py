"""Events as clients read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field

from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from services.gateway.queries.events import EventRow
from shared.db.events import Event
from shared.db.verdicts import VerdictRow
from shared.domain.errors import NotFound

_UUID = re.compile(r"(?:evt-)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)


class EventShown(BaseModel):
    uuid: str = Field(examples=["evt-550e8400-e29b-41d4-a716-446655440000"])
    camera_id: str = Field(examples=["cam_001"])
    timestamp: str = Field(examples=["2025-01-15T10:30:45Z"])
    detection_type: str = Field(examples=["person"])
    confidence: float = Field(examples=[0.94])
    photo_url: str | None = Field(examples=["/events/550e8400-e29b-41d4-a716-446655440000.jpg"])
    ai_response: str | None = Field(examples=["Personne suspecte détectée à l'entrée"])
    alert_sent: bool
    incident_id: str | None = Field(examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"])


class EventList(BaseModel):
    events: list[EventShown]
    total: int = Field(examples=[156])
    count: int = Field(examples=[50])
    next_cursor: str | None


class VerdictShown(BaseModel):
    """What the judge said. `outcome` is `judged`, `waiting` while it is still expected, or why it said nothing.

    `in_time`: people heard of the event with it, or not at all because of it. `evidence` are the pictures it was shown.
    """

    verdict: Literal["confirmed", "rejected", "unverified"]
    reason: str | None = Field(examples=["Une personne inconnue essaie d'ouvrir la porte."])
    threat_level: int | None = Field(ge=0, le=3, examples=[2])
    description: str | None
    outcome: str = Field(examples=["judged"])
    in_time: bool
    model: str | None = Field(examples=["gemma3"])
    prompt_version: str | None
    latency_ms: int | None = Field(examples=[1850])
    evidence: list[str]
    at: str | None


class OneEvent(BaseModel):
    """`photo` is base64 JPEG; null when the event has no picture, absent with `?photo=false`.

    `verdict` is null where no judge was asked, and until people are told.
    """

    uuid: str = Field(examples=["evt-550e8400-e29b-41d4-a716-446655440000"])
    camera_id: str = Field(examples=["cam_001"])
    timestamp: str = Field(examples=["2025-01-15T10:30:45Z"])
    detection_type: str = Field(examples=["person"])
    confidence: float = Field(examples=[0.94])
    photo: str | None = None
    photo_url: str | None
    ai_response: str | None
    verdict: VerdictShown | None
    modules_triggered: list[str] = Field(examples=[["bytetrack", "pose"]])
    module_results: dict[str, Any]
    rules_triggered: list[str] = Field(examples=[["rule_001"]])
    alerts_sent: list[str] = Field(examples=[["telegram", "email"]])
    user_feedback: str | None
    zones: list[str]
    started_at: str
    ended_at: str | None
    incident_id: str | None = Field(examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"])


def _names_an_event(text: str) -> str:
    if _UUID.fullmatch(text) is None:
        raise ValueError("must be the uuid of an event")
    return text


EventUuid = Annotated[
    str,
    Field(max_length=40, json_schema_extra={"pattern": f"^{_UUID.pattern}$".replace("0-9a-f", "0-9a-fA-F")}),
    AfterValidator(_names_an_event),
]
"""A uuid with or without `evt-`, where something else is a mistake and not merely unknown."""


def bare_uuid(text: str) -> str:
    """The uuid with or without `evt-`. Raises `NotFound` for what is none: no such event can exist."""
    match = _UUID.fullmatch(text)
    if match is None:
        raise NotFound("uuid", "there is no such event")
    return match[1].lower()


def event_row_document(row: EventRow) -> dict[str, Any]:
    """An event as lists show it."""
    return {
        "uuid": f"evt-{row.uuid}",
        "camera_id": row.camera,
        "timestamp": whole_seconds(row.occurred_at),
        "detection_type": row.label,
        "confidence": _shown(row.confidence),
        "photo_url": f"/events/{row.uuid}.jpg" if row.has_photo else None,
        "ai_response": row.ai_response,
        "alert_sent": row.was_told,
        "incident_id": row.incident,
    }


def event_document(
    event: Event, *, channels: Sequence[str], photo: dict[str, Any], verdict: VerdictRow | None = None
) -> dict[str, Any]:
    """Everything about an event; `photo` holds the field of that name, or nothing."""
    return {
        "uuid": f"evt-{event.uuid}",
        "camera_id": event.camera_slug,
        "timestamp": whole_seconds(event.occurred_at),
        "detection_type": event.label,
        "confidence": _shown(event.confidence),
        **photo,
        "photo_url": f"/events/{event.uuid}.jpg" if event.snapshot is not None else None,
        "ai_response": event.ai_response,
        "verdict": verdict_document(event, verdict),
        "modules_triggered": _modules(event),
        "module_results": _results(event),
        "rules_triggered": list(event.rules),
        "alerts_sent": list(channels),
        "user_feedback": event.user_feedback,
        "zones": list(event.zones),
        "started_at": whole_seconds(event.started_at),
        "ended_at": whole_seconds_or_none(event.ended_at),
        "incident_id": event.incident_id,
    }


def verdict_document(event: Event, row: VerdictRow | None) -> dict[str, Any] | None:
    """What came of the event's case before the judge; None where there was none."""
    if row is None:
        return {**_WAITING, "verdict": event.verdict} if event.verdict is not None else None
    shown = {name: getattr(row, name) for name in _WAITING if name != "at"}
    return {**shown, "at": whole_seconds(row.at)}


_WAITING: Final[dict[str, Any]] = {
    "verdict": "unverified",
    "reason": None,
    "threat_level": None,
    "description": None,
    "outcome": "waiting",
    "in_time": False,
    "model": None,
    "prompt_version": None,
    "latency_ms": None,
    "evidence": [],
    "at": None,
}


def _shown(confidence: float) -> float:
    """Without the digits that only the detector's single precision made up."""
    return round(confidence, 4)


def _modules(event: Event) -> list[str]:
    tracked = ["bytetrack"] if event.track_id is not None and "bytetrack" not in event.modules_triggered else []
    return [*tracked, *event.modules_triggered]


def _results(event: Event) -> dict[str, Any]:
    """What the modules found; the track behind a detection is told like a module's result."""
    if event.track_id is None or event.box is None or "bytetrack" in event.module_results:
        return dict(event.module_results)
    track = {
        "track_id": event.track_id,
        "bbox": [round(value) for value in event.box],
        "confidence": _shown(event.confidence),
    }
    return {"bytetrack": {"tracks": [track]}, **event.module_results}
