"""/cameras/{id}/live.mjpeg"""

from __future__ import annotations

from typing import Any, Final

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.cameras import CameraPath
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.live.handover import streamed
from services.gateway.live.mjpeg import CONTENT_TYPE
from services.gateway.usecases.live import live_view
from shared.accounts.roles import Scope

api = APIBlueprint("live", __name__, abp_tags=[Tag(name="Cameras")], abp_security=SECURITY, abp_responses=REFUSALS)

_STREAM: Final[dict[str, Any]] = {"content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


class LiveQuery(BaseModel):
    drawn: bool = Field(default=False, description="draw what is seen onto the pictures: boxes, labels, zones")


@api.get("/cameras/<id>/live.mjpeg", responses={"200": _STREAM, "501": None})
@endpoint(scope=Scope.READ)
def get_live(gateway: Gateway, principal: Principal, path: CameraPath, query: LiveQuery) -> Response:
    """The camera's pictures as they come, 30 a second at most, as an endless row of JPEGs.

    While it gives none, a picture says so; it goes on by itself. Slow clients miss pictures rather than lag behind. 409
    when the camera is disabled.
    """
    view = live_view(gateway, principal, path.id, drawn=query.drawn)
    return streamed(view, gateway.places, account_id=principal.account_id, headers={"Content-Type": CONTENT_TYPE})
