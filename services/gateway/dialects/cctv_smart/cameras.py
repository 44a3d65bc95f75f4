"""/cameras"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.camera_body import (
    CameraChangeBody,
    CameraChanged,
    CameraCreated,
    CameraList,
    NewCameraBody,
    OneCamera,
    camera_document,
    one_camera_document,
)
from services.gateway.dialects.cctv_smart.camera_modules_body import modules_document
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.http.timestamps import whole_seconds
from services.gateway.queries.cameras import camera_view, cameras_page, one_camera
from services.gateway.usecases import cameras as usecases
from shared.accounts.roles import Scope
from shared.cameras.registry import CameraChange, NewCamera

api = APIBlueprint("cameras", __name__, abp_tags=[Tag(name="Cameras")], abp_security=SECURITY, abp_responses=REFUSALS)


class CamerasQuery(BaseModel):
    enabled: bool | None = Field(default=None, description="only enabled, or only disabled ones")
    limit: int = Field(default=500, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=1_000_000)


class CameraPath(BaseModel):
    id: str = Field(json_schema_extra={"example": "cam_001"})


@api.get("/cameras", responses={"200": CameraList})
@endpoint(scope=Scope.READ)
def list_cameras(gateway: Gateway, principal: Principal, query: CamerasQuery) -> dict[str, Any]:
    """All cameras, newest first."""
    with gateway.reads() as session:
        rows, total = cameras_page(
            session,
            account_id=principal.visible_account,
            enabled=query.enabled,
            limit=query.limit,
            offset=query.offset,
        )
    statuses = gateway.statuses([row.slug for row in rows])
    now = gateway.now()
    shown = [camera_document(camera_view(row, statuses.get(row.slug), now=now)) for row in rows]
    return {"cameras": shown, "count": len(shown), "total": total}


@api.get("/cameras/<id>", responses={"200": OneCamera})
@endpoint(scope=Scope.READ)
def get_camera(gateway: Gateway, principal: Principal, path: CameraPath) -> dict[str, Any]:
    """One camera."""
    with gateway.reads() as session:
        row = one_camera(session, path.id, account_id=principal.visible_account)
    status = gateway.statuses([row.slug]).get(row.slug)
    return one_camera_document(camera_view(row, status, now=gateway.now()))


@api.post("/cameras", responses={"201": CameraCreated})
@endpoint(scope=Scope.WRITE)
def add_camera(gateway: Gateway, principal: Principal, body: NewCameraBody) -> Answer:
    """Add a camera.

    Zone points are pixels of `resolution`; without it, of the camera's own resolution, which is settled once the
    camera has been reached.
    """
    new = NewCamera(
        name=body.name,
        url=body.rtsp_url,
        slug=body.id,
        enabled=body.enabled,
        zones=tuple(zone.spec() for zone in body.zones),
        modules=modules_document(body.modules),
    )
    camera = usecases.add(gateway, principal, new, picture=body.picture())
    return Answer({"id": camera.slug, "name": camera.name, "status": "created"}, status=201)


@api.put("/cameras/<id>", responses={"200": CameraChanged})
@endpoint(scope=Scope.WRITE)
def change_camera(gateway: Gateway, principal: Principal, path: CameraPath, body: CameraChangeBody) -> dict[str, Any]:
    """Change a camera; what is left out stays."""
    change = CameraChange(
        name=body.name,
        url=body.rtsp_url,
        enabled=body.enabled,
        zones=tuple(zone.spec() for zone in body.zones) if body.zones is not None else None,
        modules=modules_document(body.modules),
    )
    camera = usecases.change(gateway, principal, path.id, change, picture=body.picture())
    return {"id": camera.slug, "name": camera.name, "updated_at": whole_seconds(camera.updated_at)}


@api.delete("/cameras/<id>", responses={"204": None})
@endpoint(scope=Scope.WRITE)
def remove_camera(gateway: Gateway, principal: Principal, path: CameraPath) -> Answer:
    """Remove a camera. Its events stay."""
    usecases.remove(gateway, principal, path.id)
    return Answer(None, status=204)
