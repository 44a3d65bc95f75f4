"""/events"""

from __future__ import annotations

import base64
from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.event_body import (
    EventList,
    OneEvent,
    bare_uuid,
    event_document,
    event_row_document,
)
from services.gateway.dialects.cctv_smart.names import Place
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.pictures import picture_response
from services.gateway.http.timestamps import Instant
from services.gateway.queries.cursor import Cursor
from services.gateway.queries.event_counts import EventScope
from services.gateway.queries.events import EventFilter, channels_reached, event_of, events_page, verdict_of
from services.gateway.queries.photos import photo_of
from shared.accounts.roles import Scope
from shared.domain.errors import NotFound

api = APIBlueprint("events", __name__, abp_tags=[Tag(name="Events")], abp_security=SECURITY, abp_responses=REFUSALS)

_MAX_OFFSET = 2**31 - 1


class EventsQuery(BaseModel):
    camera_id: str | None = Field(default=None, max_length=64, json_schema_extra={"example": "cam_001"})
    since: Instant | None = Field(
        default=None, description="not before this time", json_schema_extra={"example": "2025-01-15T10:30:00Z"}
    )
    until: Instant | None = Field(default=None, description="before this time")
    detection_type: str | None = Field(default=None, max_length=64, json_schema_extra={"example": "person"})
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=_MAX_OFFSET)
    cursor: Place | None = Field(default=None, description="`next_cursor` of the page before")


class EventPath(BaseModel):
    uuid: str = Field(json_schema_extra={"example": "evt-550e8400-e29b-41d4-a716-446655440000"})


class EventQuery(BaseModel):
    photo: bool = Field(default=True, description="false leaves the picture out")


@api.get("/events", responses={"200": EventList})
@endpoint(scope=Scope.READ)
def list_events(gateway: Gateway, principal: Principal, query: EventsQuery) -> dict[str, Any]:
    """Detected events, newest first.

    `total` counts all that the filters fit. `cursor` pages on at the same cost however far down.
    """
    wanted = EventFilter(
        scope=EventScope(account_id=principal.visible_account, camera=query.camera_id, label=query.detection_type),
        since=query.since,
        until=query.until,
        limit=query.limit,
        offset=query.offset,
        cursor=Cursor.parse(query.cursor) if query.cursor is not None else None,
    )
    with gateway.readers() as reader:
        page = events_page(reader, wanted, counts=gateway.event_counts)
    shown = [event_row_document(row) for row in page.rows]
    return {"events": shown, "total": page.total, "count": len(shown), "next_cursor": page.next_cursor}


@api.get("/events/<uuid>", responses={"200": OneEvent})
@endpoint(scope=Scope.READ)
def get_event(gateway: Gateway, principal: Principal, path: EventPath, query: EventQuery) -> dict[str, Any]:
    """Everything about one event, with its picture as base64 JPEG."""
    uuid = bare_uuid(path.uuid)
    with gateway.reads() as session:
        event = event_of(session, uuid, account_id=principal.visible_account)
        channels = channels_reached(session, [uuid]).get(uuid, ())
        verdict = verdict_of(session, event.id)
    photo = {"photo": _base64(photo_of(event, gateway.media))} if query.photo else {}
    return event_document(event, channels=channels, photo=photo, verdict=verdict)


@api.get("/events/<uuid>.jpg", responses={"200": {"content": {"image/jpeg": {}}}, "304": None})
@endpoint(scope=Scope.READ)
def get_event_photo(gateway: Gateway, principal: Principal, path: EventPath) -> Response:
    """The event's picture. Honours `If-None-Match`."""
    with gateway.reads() as session:
        event = event_of(session, bare_uuid(path.uuid), account_id=principal.visible_account)
    photo = photo_of(event, gateway.media)
    if photo is None:
        raise NotFound("photo", "the event has no picture")
    return picture_response(photo, request)


def _base64(jpeg: bytes | None) -> str | None:
    return base64.b64encode(jpeg).decode("ascii") if jpeg is not None else None
