"""/cameras"""

from __future__ import annotations

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.answers import success
from services.gateway.dialects.visionflow.camera_body import CameraList, camera_document
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.dialects.visionflow.models import usual_model
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.queries.cameras import camera_view, cameras_page
from shared.accounts.roles import Scope

api = APIBlueprint("cameras", __name__, abp_tags=[Tag(name="Cameras")], abp_security=SECURITY, abp_responses=REFUSALS)


class CamerasQuery(BaseModel):
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=500, ge=1, le=500)


@api.get("/cameras", responses={"200": CameraList})
@endpoint(scope=Scope.READ)
def list_cameras(gateway: Gateway, principal: Principal, query: CamerasQuery) -> Answer:
    """All cameras of one's own, newest first."""
    with gateway.reads() as session:
        rows, total = cameras_page(
            session,
            account_id=principal.visible_account,
            enabled=None,
            limit=query.limit,
            offset=(query.page - 1) * query.limit,
        )
    statuses = gateway.statuses([row.slug for row in rows])
    now, model = gateway.now(), usual_model(gateway)
    shown = [camera_document(camera_view(row, statuses.get(row.slug), now=now), usual_model=model) for row in rows]
    return success(shown, total=total)
