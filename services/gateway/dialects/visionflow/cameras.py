"""/cameras"""

from __future__ import annotations

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.answers import success
from services.gateway.dialects.visionflow.camera_body import (
    CameraChangeBody,
    CameraList,
    CameraPath,
    CameraRemoved,
    CameraWritten,
    NewCameraBody,
    OneCamera,
    camera_document,
)
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.dialects.visionflow.region_body import named_here
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.queries.cameras import CameraView, camera_slug, camera_view, cameras_page, one_camera
from services.gateway.usecases import cameras as usecases
from shared.accounts.roles import Scope

api = APIBlueprint("cameras", __name__, abp_tags=[Tag(name="Cameras")], abp_security=SECURITY, abp_responses=REFUSALS)


class CamerasQuery(BaseModel):
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=500, ge=1, le=500)


@api.get("/cameras", responses={"200": CameraList})
@endpoint(scope=Scope.READ)
def list_cameras(gateway: Gateway, principal: Principal, query: CamerasQuery) -> Answer:
    """All cameras of one's own, newest first; an administrator's are everybody's."""
    with gateway.reads() as session:
        rows, total = cameras_page(
            session,
            account_id=principal.visible_account,
            enabled=None,
            limit=query.limit,
            offset=(query.page - 1) * query.limit,
        )
    statuses = gateway.statuses([row.slug for row in rows])
    now = gateway.now()
    views = [camera_view(row, statuses.get(row.slug), now=now) for row in rows]
    return success([camera_document(view, gateway) for view in views], total=total)


@api.get("/cameras/<int:camera_id>", responses={"200": OneCamera})
@endpoint(scope=Scope.READ)
def get_camera(gateway: Gateway, principal: Principal, path: CameraPath) -> Answer:
    """One camera."""
    view = seen_camera(gateway, principal, named(gateway, principal, path))
    return success(camera_document(view, gateway))


@api.post("/cameras", responses={"201": CameraWritten})
@endpoint(scope=Scope.WRITE)
def add_camera(gateway: Gateway, principal: Principal, body: NewCameraBody) -> Answer:
    """Add a camera.

    Points of `detection_areas` are pixels of the camera's own resolution, which is settled once it has been reached.
    """
    with named_here("detection_areas"):
        camera = usecases.add(gateway, principal, body.new(), picture=None)
    view = seen_camera(gateway, principal, camera.slug)
    return success(camera_document(view, gateway), words="camera_added", status=201)


@api.patch("/cameras/<int:camera_id>", responses={"200": CameraWritten})
@endpoint(scope=Scope.WRITE)
def change_camera(gateway: Gateway, principal: Principal, path: CameraPath, body: CameraChangeBody) -> Answer:
    """Change a camera; what is left out stays."""
    slug = named(gateway, principal, path)
    with named_here("detection_areas"):
        usecases.change(gateway, principal, slug, body.change(), picture=None)
    return success(camera_document(seen_camera(gateway, principal, slug), gateway), words="camera_changed")


@api.delete("/cameras/<int:camera_id>", responses={"200": CameraRemoved})
@endpoint(scope=Scope.WRITE)
def remove_camera(gateway: Gateway, principal: Principal, path: CameraPath) -> Answer:
    """Remove a camera and its detection areas. Its events stay."""
    usecases.remove(gateway, principal, named(gateway, principal, path))
    return success(words="camera_removed", deleted_camera_id=path.camera_id)


def named(gateway: Gateway, principal: Principal, path: CameraPath) -> str:
    """What the core calls a camera of the principal's. Raises `NotFound` for others' as for those that are not."""
    with gateway.reads() as session:
        return camera_slug(session, path.camera_id, account_id=principal.visible_account)


def seen_camera(gateway: Gateway, principal: Principal, slug: str) -> CameraView:
    """A camera of the principal's as it is now. Raises `NotFound`."""
    with gateway.reads() as session:
        row = one_camera(session, slug, account_id=principal.visible_account)
    return camera_view(row, gateway.statuses([slug]).get(slug), now=gateway.now())
