"""/deliveries"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.delivery_body import DeliveryShown, State, delivery_document
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.event_body import EventUuid, bare_uuid
from services.gateway.dialects.cctv_smart.names import Place
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.queries.cursor import Cursor
from services.gateway.queries.deliveries import DeliveryFilter, deliveries_page, delivery_of
from services.gateway.usecases import deliveries as usecases
from shared.accounts.roles import Scope

api = APIBlueprint(
    "deliveries", __name__, abp_tags=[Tag(name="Deliveries")], abp_security=SECURITY, abp_responses=REFUSALS
)


class DeliveriesQuery(BaseModel):
    state: State | None = None
    channel: str | None = Field(default=None, max_length=32, json_schema_extra={"example": "webhook"})
    event: EventUuid | None = Field(default=None, description="uuid of an event")
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=2**31 - 1)
    cursor: Place | None = Field(default=None)


class DeliveryPath(BaseModel):
    id: str


class DeliveryList(BaseModel):
    deliveries: list[DeliveryShown]
    count: int
    total: int
    next_cursor: str | None


@api.get("/deliveries", responses={"200": DeliveryList})
@endpoint(scope=Scope.READ)
def list_deliveries(gateway: Gateway, principal: Principal, query: DeliveriesQuery) -> dict[str, Any]:
    """Who was told of what, newest first."""
    wanted = DeliveryFilter(
        account_id=principal.visible_account,
        state=query.state,
        channel=query.channel,
        event_uuid=bare_uuid(query.event) if query.event is not None else None,
        limit=query.limit,
        offset=query.offset,
        cursor=Cursor.parse(query.cursor) if query.cursor is not None else None,
    )
    with gateway.reads() as session:
        page = deliveries_page(session, wanted)
    shown = [delivery_document(row) for row in page.rows]
    return {"deliveries": shown, "count": len(shown), "total": page.total, "next_cursor": page.next_cursor}


@api.get("/deliveries/<id>", responses={"200": DeliveryShown})
@endpoint(scope=Scope.READ)
def get_delivery(gateway: Gateway, principal: Principal, path: DeliveryPath) -> dict[str, Any]:
    """One delivery."""
    with gateway.reads() as session:
        return delivery_document(delivery_of(session, bare_uuid(path.id), account_id=principal.visible_account))


@api.post("/deliveries/<id>/resend", responses={"202": DeliveryShown})
@endpoint(scope=Scope.WRITE)
def resend_delivery(gateway: Gateway, principal: Principal, path: DeliveryPath) -> Answer:
    """Send again what did not arrive."""
    return Answer(delivery_document(usecases.resend(gateway, principal, bare_uuid(path.id))), status=202)
