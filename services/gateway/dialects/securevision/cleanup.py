"""POST /cleanup"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.securevision.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.usecases.retention import clean_up
from shared.accounts.roles import Scope

api = APIBlueprint(
    "securevision_cleanup", __name__, abp_tags=[Tag(name="System")], abp_security=SECURITY, abp_responses=REFUSALS
)


class CleanupDone(BaseModel):
    """`retention_days` 0: everything is kept for good."""

    deleted: int = Field(ge=0, examples=[150])
    retention_days: int = Field(ge=0, examples=[30])


@api.post("/cleanup", responses={"200": CleanupDone})
@endpoint(scope=Scope.WRITE)
def clean_up_now(gateway: Gateway, principal: Principal) -> dict[str, Any]:
    """Delete what is older than the retention period.

    It takes 5 seconds at most; `deleted` counts what went in this time. What is left then goes in the background.
    What is under legal hold stays. Operators clean up after their own cameras, administrators after all.
    """
    removed = clean_up(gateway, principal)
    return {"deleted": removed.recognitions, "retention_days": gateway.cleanup.days}
