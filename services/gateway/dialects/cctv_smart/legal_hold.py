"""/events/{uuid}/legal-hold"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.event_body import bare_uuid
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.queries.events import event_of
from services.gateway.usecases import retention as usecases
from shared.accounts.roles import Scope

api = APIBlueprint("legal_hold", __name__, abp_tags=[Tag(name="Events")], abp_security=SECURITY, abp_responses=REFUSALS)


class HeldEventPath(BaseModel):
    uuid: str = Field(json_schema_extra={"example": "evt-550e8400-e29b-41d4-a716-446655440000"})


class LegalHoldBody(BaseModel):
    """`reason` is kept in the audit trail alone."""

    legal_hold: bool = Field(examples=[True])
    reason: str | None = Field(default=None, max_length=500, examples=["Police report 2025/117"])


class LegalHoldShown(BaseModel):
    """Whether the event, its pictures and what was recognised are kept beyond the usual time."""

    uuid: str = Field(examples=["evt-550e8400-e29b-41d4-a716-446655440000"])
    legal_hold: bool = Field(examples=[True])


@api.get("/events/<uuid>/legal-hold", responses={"200": LegalHoldShown})
@endpoint(scope=Scope.READ)
def get_legal_hold(gateway: Gateway, principal: Principal, path: HeldEventPath) -> dict[str, Any]:
    """Whether an event is under legal hold."""
    uuid = bare_uuid(path.uuid)
    with gateway.reads() as session:
        return _shown(uuid, is_held=event_of(session, uuid, account_id=principal.visible_account).legal_hold)


@api.put("/events/<uuid>/legal-hold", responses={"200": LegalHoldShown})
@endpoint(scope=Scope.WRITE)
def set_legal_hold(gateway: Gateway, principal: Principal, path: HeldEventPath, body: LegalHoldBody) -> dict[str, Any]:
    """Keep an event until this is taken back, or take it back.

    Meanwhile neither the event nor its pictures, alerts and recognitions are deleted, however old they get.
    """
    uuid = bare_uuid(path.uuid)
    is_held = usecases.hold(gateway, principal, uuid, is_held=body.legal_hold, reason=body.reason)
    return _shown(uuid, is_held=is_held)


def _shown(uuid: str, *, is_held: bool) -> dict[str, Any]:
    return {"uuid": f"evt-{uuid}", "legal_hold": is_held}
