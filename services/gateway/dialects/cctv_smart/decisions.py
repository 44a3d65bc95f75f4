"""/events/{uuid}/trace and /cameras/{id}/decisions: why people were told, and why not"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.cameras import CameraPath
from services.gateway.dialects.cctv_smart.decision_body import (
    DecisionList,
    EventTrace,
    disabled_document,
    presence_document,
    trace_document,
)
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.event_body import bare_uuid
from services.gateway.dialects.cctv_smart.feedback import FeedbackPath
from services.gateway.dialects.cctv_smart.names import Place
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.timestamps import Instant
from services.gateway.queries.cameras import one_camera
from services.gateway.queries.cursor import Cursor
from services.gateway.queries.decisions import (
    DecisionFilter,
    decision_of,
    decisions_page,
    deliveries_of_event,
    sleeping_rules,
)
from services.gateway.queries.events import event_of, verdict_of, withheld_until
from shared.accounts.roles import Scope
from shared.domain.ids import event_id

api = APIBlueprint("decisions", __name__, abp_tags=[Tag(name="Why")], abp_security=SECURITY, abp_responses=REFUSALS)


class DecisionsQuery(BaseModel):
    told: bool | None = Field(default=None, description="only presences on which a rule fired, or on which none did")
    label: str | None = Field(default=None, max_length=64, json_schema_extra={"example": "person"})
    since: Instant | None = Field(default=None, description="began not before this time")
    until: Instant | None = Field(default=None, description="began before this time")
    limit: int = Field(default=50, ge=1, le=500)
    cursor: Place | None = Field(default=None, description="`next_cursor` of the page before")


@api.get("/events/<uuid>/trace", responses={"200": EventTrace})
@endpoint(scope=Scope.READ)
def get_trace(gateway: Gateway, principal: Principal, path: FeedbackPath) -> dict[str, Any]:
    """How an event came about: what every rule made of it, what specialists and the judge said, and who was told.

    What the rules made of it is kept for a day.
    """
    account_id = principal.visible_account
    with gateway.reads() as session:
        event = event_of(session, bare_uuid(path.uuid), account_id=account_id)
        row = decision_of(session, event.presence_id, account_id=account_id)
        deliveries = deliveries_of_event(session, event.uuid, account_id=account_id)
        return trace_document(
            event,
            row,
            verdict_of(session, event.id),
            deliveries,
            withheld_until=withheld_until(session, event.id),
        )


@api.get("/cameras/<id>/decisions", responses={"200": DecisionList})
@endpoint(scope=Scope.READ)
def list_decisions(gateway: Gateway, principal: Principal, path: CameraPath, query: DecisionsQuery) -> dict[str, Any]:
    """What the rules made of everything that was seen on a camera within a day, the latest first.

    A presence is listed once it has ended, has fired a rule or has lasted for a minute.
    """
    account_id = principal.visible_account
    with gateway.reads() as session:
        camera = one_camera(session, path.id, account_id=account_id)
        wanted = DecisionFilter(
            camera=camera.slug,
            account_id=account_id,
            told=query.told,
            label=query.label,
            since=query.since,
            until=query.until,
            limit=query.limit,
            cursor=Cursor.parse(query.cursor) if query.cursor is not None else None,
        )
        page = decisions_page(session, wanted)
        disabled = sleeping_rules(session, camera.slug, account_id=account_id)
    shown = [presence_document(row, event_id(row.presence_id) if row.is_told else None) for row in page.rows]
    return {
        "presences": shown,
        "disabled": [disabled_document(row) for row in disabled],
        "count": len(shown),
        "total": page.total,
        "next_cursor": page.next_cursor,
    }
