"""/arm"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.queries.arming import state_of
from services.gateway.usecases import arming as usecases
from shared.accounts.roles import Scope
from shared.domain.arming import ArmState

api = APIBlueprint("arming", __name__, abp_tags=[Tag(name="Arming")], abp_security=SECURITY, abp_responses=REFUSALS)


class ArmBody(BaseModel):
    """In which state the account is to be."""

    state: ArmState = Field(examples=["night"])


class ArmShown(BaseModel):
    """In which state the account is. Rules with `armed` are awake only in the states that they name."""

    state: ArmState = Field(examples=["away"])


@api.get("/arm", responses={"200": ArmShown})
@endpoint(scope=Scope.READ)
def get_arm(gateway: Gateway, principal: Principal) -> dict[str, Any]:
    """In which state one's own account is; `away` until another is chosen."""
    with gateway.reads() as session:
        return {"state": state_of(session, principal.account_id)}


@api.put("/arm", responses={"200": ArmShown})
@endpoint(scope=Scope.WRITE)
def set_arm(gateway: Gateway, principal: Principal, body: ArmBody) -> dict[str, Any]:
    """Arm or disarm one's own account; it counts at once, for the rules of all of one's cameras."""
    return {"state": usecases.arm(gateway, principal, body.state)}
