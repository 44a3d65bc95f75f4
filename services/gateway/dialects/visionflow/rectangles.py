"""/rectangles"""

from __future__ import annotations

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.answers import success
from services.gateway.dialects.visionflow.camera_body import CameraPath
from services.gateway.dialects.visionflow.cameras import named, seen_camera
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY, said_when_forbidden
from services.gateway.dialects.visionflow.region_body import RegionsBody, RegionShown, named_here, region_document
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.http.timestamps import whole_seconds
from services.gateway.usecases import cameras as usecases
from services.gateway.usecases.zones import clear_zones
from shared.accounts.roles import Scope
from shared.cameras.registry import CameraChange

api = APIBlueprint(
    "rectangles", __name__, abp_tags=[Tag(name="Detection areas")], abp_security=SECURITY, abp_responses=REFUSALS
)


class Saved(BaseModel):
    camera_id: int = Field(examples=[1])
    regions_count: int = Field(examples=[1])
    saved_at: str = Field(examples=["2024-01-20T16:30:00Z"])


class RegionsSaved(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["多邊形區域已成功儲存"])
    data: Saved


class Regions(BaseModel):
    camera_id: int = Field(examples=[1])
    regions: list[RegionShown]
    total_regions: int = Field(examples=[1])


class RegionList(BaseModel):
    status: str = Field(examples=["success"])
    data: Regions


class Removed(BaseModel):
    camera_id: int = Field(examples=[1])
    deleted_regions: int = Field(examples=[3])
    deleted_at: str = Field(examples=["2024-01-20T16:45:00Z"])


class RegionsRemoved(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["所有檢測區域已成功刪除"])
    data: Removed


@api.post("/rectangles/<int:camera_id>", responses={"200": RegionsSaved})
@endpoint(scope=Scope.WRITE)
def save_regions(gateway: Gateway, principal: Principal, path: CameraPath, body: RegionsBody) -> Answer:
    """Save the camera's detection areas, in place of those that are there.

    They count from the next pictures on. One that is saved again under its name keeps its id.
    """
    change = CameraChange(zones=tuple(region.spec() for region in body.regions))
    with named_here("regions"):
        camera = usecases.change(gateway, principal, named(gateway, principal, path), change, picture=None)
    saved = {
        "camera_id": path.camera_id,
        "regions_count": len(body.regions),
        "saved_at": whole_seconds(camera.updated_at),
    }
    return success(saved, words="zones_saved")


@api.get("/rectangles/<int:camera_id>", responses={"200": RegionList})
@endpoint(scope=Scope.READ)
def get_regions(gateway: Gateway, principal: Principal, path: CameraPath) -> Answer:
    """The camera's detection areas."""
    zones = seen_camera(gateway, principal, named(gateway, principal, path)).zones
    regions = [region_document(zone) for zone in zones]
    return success({"camera_id": path.camera_id, "regions": regions, "total_regions": len(regions)})


@api.delete("/rectangles/<int:camera_id>", responses={"200": RegionsRemoved})
@said_when_forbidden("zones_forbidden")
@endpoint(scope=Scope.WRITE)
def remove_regions(gateway: Gateway, principal: Principal, path: CameraPath) -> Answer:
    """Delete all detection areas of the camera."""
    count = clear_zones(gateway, principal, named(gateway, principal, path))
    removed = {"camera_id": path.camera_id, "deleted_regions": count, "deleted_at": whole_seconds(gateway.now())}
    return success(removed, words="zones_removed")
