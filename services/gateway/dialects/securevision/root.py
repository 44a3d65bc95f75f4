"""GET / and GET /health"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.dialects.securevision.names import SERVICE, VERSION
from services.gateway.dialects.securevision.recognition_body import milliseconds
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.queries.recent_recognitions import WINDOW, Recent

api = APIBlueprint("securevision_system", __name__, abp_tags=[Tag(name="System")])


class RootBody(BaseModel):
    """What this is."""

    service: str = Field(examples=[SERVICE])
    version: str = Field(examples=[VERSION])
    ws_enabled: bool
    auth_enabled: bool


class RecentEvents(BaseModel):
    """Recognitions of the last five minutes, of all cameras."""

    total: int = Field(examples=[42])
    face_matches: int = Field(examples=[15])
    plate_reads: int = Field(examples=[27])


class EventRate(BaseModel):
    events_per_second: float = Field(examples=[0.14])
    sample_duration_seconds: float = Field(examples=[300.0])


class HealthBody(BaseModel):
    """`ok`: the API can serve. `timestamp` is in milliseconds since 1970."""

    ok: bool
    timestamp: int = Field(examples=[1704067200000])
    service: str = Field(examples=[SERVICE])
    version: str = Field(examples=[VERSION])
    ws_clients: int = Field(examples=[2], description="clients of /stream, over all workers")
    recent_events: RecentEvents
    event_rate: EventRate


@api.get("/", responses={"200": RootBody})
@endpoint(scope=None)
def get_root(gateway: Gateway) -> dict[str, Any]:
    """What this is, and what it asks for."""
    settings = gateway.settings.securevision
    return {
        "service": SERVICE,
        "version": VERSION,
        "ws_enabled": settings.ws_enabled,
        "auth_enabled": settings.auth_required,
    }


@api.get("/health", responses={"200": HealthBody, "503": HealthBody})
@endpoint(scope=None)
def get_health(gateway: Gateway) -> Answer:
    """How well the system is, and how much it recognised in the last five minutes.

    Needs no credentials. 503 only when the API itself cannot serve.
    """
    is_well = gateway.health.now().can_serve
    recent = gateway.recent_recognitions.now() if is_well else Recent(0, 0)
    return Answer(_document(gateway, recent, is_well=is_well), status=200 if is_well else 503)


def _document(gateway: Gateway, recent: Recent, *, is_well: bool) -> dict[str, Any]:
    now = gateway.now()
    return {
        "ok": is_well,
        "timestamp": milliseconds(now),
        "service": SERVICE,
        "version": VERSION,
        "ws_clients": gateway.places.count("websocket"),
        "recent_events": {
            "total": recent.total,
            "face_matches": recent.face_matches,
            "plate_reads": recent.plate_reads,
        },
        "event_rate": {
            "events_per_second": round(recent.per_second, 4),
            "sample_duration_seconds": WINDOW.total_seconds(),
        },
    }
