"""/cameras/{id}/snapshot.jpg"""

from __future__ import annotations

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.cameras import CameraPath
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.pictures import picture_response
from services.gateway.usecases.snapshots import snapshot
from shared.accounts.roles import Scope

api = APIBlueprint("snapshots", __name__, abp_tags=[Tag(name="Cameras")], abp_security=SECURITY, abp_responses=REFUSALS)

_HEADERS = {
    "ETag": {"schema": {"type": "string"}},
    "Last-Modified": {"schema": {"type": "string"}, "description": "when the picture was taken, to the second"},
    "X-Captured-At": {
        "schema": {"type": "string", "format": "date-time"},
        "description": "when the picture was taken, to the millisecond",
    },
}


class SnapshotQuery(BaseModel):
    width: int | None = Field(
        default=None, ge=16, le=1920, description="scale down to this many pixels (an odd one: to one less); never up"
    )


@api.get(
    "/cameras/<id>/snapshot.jpg",
    responses={"200": {"content": {"image/jpeg": {}}, "headers": _HEADERS}, "304": None},
)
@endpoint(scope=Scope.READ)
def get_snapshot(gateway: Gateway, principal: Principal, path: CameraPath, query: SnapshotQuery) -> Response:
    """The camera's picture now, as JPEG. Honours `If-None-Match`.

    At most a second old while something moves, else from the camera's newest keyframe. 409 when the camera is
    disabled; 503 with the reason, and `Retry-After`, when it gives no pictures.
    """
    taken = snapshot(gateway, principal, path.id, width=query.width)
    return picture_response(taken.jpeg, request, taken_at=taken.captured_at)
