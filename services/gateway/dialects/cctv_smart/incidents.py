"""/incidents: events of a rule that followed each other, told as one"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.event_body import EventShown, event_row_document
from services.gateway.dialects.cctv_smart.names import Place
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.timestamps import Instant, whole_seconds
from services.gateway.queries.cursor import Cursor
from services.gateway.queries.events import events_of_incident
from services.gateway.queries.incidents import IncidentFilter, incident_named, incidents_page
from shared.accounts.roles import Scope
from shared.db.incidents import Incident

api = APIBlueprint(
    "incidents", __name__, abp_tags=[Tag(name="Incidents")], abp_security=SECURITY, abp_responses=REFUSALS
)

_EXAMPLE = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


class IncidentShown(BaseModel):
    """`events_count` events, the first on `camera_id`; `severity` is the highest of them.

    `rule_id` began it: the others are events of that rule too, or (`incident_per` track) of the same thing.
    """

    id: str = Field(examples=[_EXAMPLE])
    rule_id: str = Field(examples=["rule_001"])
    camera_id: str = Field(examples=["cam_001"])
    began_at: str = Field(examples=["2025-01-15T10:30:45Z"])
    last_at: str = Field(examples=["2025-01-15T10:34:10Z"])
    events_count: int = Field(examples=[12])
    severity: int


class IncidentList(BaseModel):
    incidents: list[IncidentShown]
    count: int
    total: int
    next_cursor: str | None


class OneIncident(IncidentShown):
    """`events` are the newest, and `next_cursor` leads to those before."""

    events: list[EventShown]
    next_cursor: str | None


class IncidentsQuery(BaseModel):
    rule_id: str | None = Field(default=None, max_length=64, json_schema_extra={"example": "rule_001"})
    since: Instant | None = Field(default=None, description="its last event was not before this time")
    until: Instant | None = Field(default=None, description="its last event was before this time")
    limit: int = Field(default=50, ge=1, le=500)
    cursor: Place | None = Field(default=None, description="`next_cursor` of the page before")


class IncidentPath(BaseModel):
    id: str = Field(json_schema_extra={"example": _EXAMPLE})


class IncidentEventsQuery(BaseModel):
    limit: int = Field(default=50, ge=1, le=500, description="of events")
    cursor: Place | None = Field(default=None, description="`next_cursor` of the page before")


@api.get("/incidents", responses={"200": IncidentList})
@endpoint(scope=Scope.READ)
def list_incidents(gateway: Gateway, principal: Principal, query: IncidentsQuery) -> dict[str, Any]:
    """Incidents of rules with `incident_window_s`, those that went on last first."""
    wanted = IncidentFilter(
        account_id=principal.visible_account,
        rule=query.rule_id,
        since=query.since,
        until=query.until,
        limit=query.limit,
        cursor=Cursor.parse(query.cursor) if query.cursor is not None else None,
    )
    with gateway.reads() as session:
        page = incidents_page(session, wanted)
    shown = [_document(row) for row in page.rows]
    return {"incidents": shown, "count": len(shown), "total": page.total, "next_cursor": page.next_cursor}


@api.get("/incidents/<id>", responses={"200": OneIncident})
@endpoint(scope=Scope.READ)
def get_incident(
    gateway: Gateway, principal: Principal, path: IncidentPath, query: IncidentEventsQuery
) -> dict[str, Any]:
    """An incident and its events, newest first."""
    cursor = Cursor.parse(query.cursor) if query.cursor is not None else None
    with gateway.reads() as session:
        incident = incident_named(session, path.id, account_id=principal.visible_account)
        rows, following = events_of_incident(session, incident.id, limit=query.limit, cursor=cursor)
    return {**_document(incident), "events": [event_row_document(row) for row in rows], "next_cursor": following}


def _document(row: Incident) -> dict[str, Any]:
    return {
        "id": row.id,
        "rule_id": row.rule_slug,
        "camera_id": row.camera_slug,
        "began_at": whole_seconds(row.began_at),
        "last_at": whole_seconds(row.last_at),
        "events_count": row.events,
        "severity": row.severity,
    }
