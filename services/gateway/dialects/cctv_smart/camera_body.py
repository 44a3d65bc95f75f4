"""Cameras as clients write and read them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from services.gateway.dialects.cctv_smart.camera_modules_body import CameraModules
from services.gateway.dialects.cctv_smart.names import Slug
from services.gateway.dialects.cctv_smart.zone_body import ZoneBody, zone_document
from services.gateway.http.fields import Name, Url, UrlOrKept
from services.gateway.http.timestamps import whole_seconds_or_none
from services.gateway.queries.cameras import CameraView
from shared.cameras.zones import MAX_ZONES, PictureSize
from shared.domain.camera import CameraFault, CameraState

_STATUSES = (
    "connecting; streaming: pictures come; offline: none come, which may pass by itself, or nobody watches; "
    "error: none come, and somebody must mend something; disabled"
)
_FAULTS = "why there are no pictures, only when there are none: " + ", ".join(CameraFault)
_MODULES = "what the camera says of the modules, by their names; written as a whole"
_RESOLUTION = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")


Resolution = Annotated[str, Field(pattern=r"^[1-9]\d{0,4}x[1-9]\d{0,4}$", examples=["1920x1080"])]


class _WithZones(BaseModel):
    resolution: Resolution | None = Field(
        default=None, description="the picture the zones were drawn on; default: the camera's own"
    )

    @field_validator("zones", check_fields=False)
    @classmethod
    def _have_different_names(cls, zones: list[ZoneBody] | None) -> list[ZoneBody] | None:
        if zones is not None and len({zone.name for zone in zones}) != len(zones):
            raise ValueError("must have different names")
        return zones

    def picture(self) -> PictureSize | None:
        match = _RESOLUTION.fullmatch(self.resolution or "")
        return PictureSize(width=int(match[1]), height=int(match[2])) if match else None


class NewCameraBody(_WithZones):
    """A camera to add. Without an `id` the next free `cam_NNN` is taken."""

    id: Slug | None = Field(default=None, examples=["cam_002"])
    name: Name = Field(examples=["Parking"])
    rtsp_url: Url
    enabled: bool = True
    zones: list[ZoneBody] = Field(default_factory=list, max_length=MAX_ZONES)
    modules: CameraModules | None = Field(default=None, description=_MODULES)


class CameraChangeBody(_WithZones):
    """What to change; everything left out stays. A blank or masked `rtsp_url` keeps the stored one."""

    name: Name | None = Field(default=None, examples=["Parking"])
    rtsp_url: UrlOrKept | None = None
    enabled: bool | None = None
    zones: list[ZoneBody] | None = Field(default=None, max_length=MAX_ZONES)
    modules: CameraModules | None = Field(default=None, description=_MODULES)


class ZoneShown(BaseModel):
    name: str = Field(examples=["Zone Porte"])
    points: list[list[int]] = Field(examples=[[[0, 0], [100, 0], [100, 100], [0, 100]]])
    sensitivity: float = Field(examples=[0.8])


class CameraShown(BaseModel):
    """A camera; credentials in its URL are never shown. `fps` is measured."""

    id: str = Field(examples=["cam_001"])
    name: str = Field(examples=["Entrée Principal"])
    rtsp_url: str = Field(examples=["rtsp://***@192.168.1.100:554/Streaming/Channels/101"])
    enabled: bool
    zones: list[ZoneShown]
    status: CameraState = Field(examples=["streaming"], description=_STATUSES)
    fps: float = Field(examples=[25])
    resolution: str | None = Field(examples=["1920x1080"])
    fault: str | None = Field(default=None, description=_FAULTS)
    detail: str | None = Field(default=None, description="what people should know, in a line")


class OneCamera(CameraShown):
    modules: dict[str, Any] | None = Field(
        default=None,
        description=_MODULES + "; only where something is said",
        examples=[{"fire_smoke": {"enabled": True, "every_s": 20}}],
    )
    last_frame_timestamp: str | None = Field(examples=["2025-01-15T10:30:15Z"])


class CameraList(BaseModel):
    cameras: list[CameraShown]
    count: int
    total: int


class CameraCreated(BaseModel):
    id: str = Field(examples=["cam_002"])
    name: str = Field(examples=["Parking"])
    status: str = Field(examples=["created"])


class CameraChanged(BaseModel):
    id: str = Field(examples=["cam_002"])
    name: str = Field(examples=["Parking Sud"])
    updated_at: str = Field(examples=["2025-01-15T10:35:00Z"])


def camera_document(view: CameraView) -> dict[str, Any]:
    """A camera as lists show it."""
    shown: dict[str, Any] = {
        "id": view.slug,
        "name": view.name,
        "rtsp_url": view.url,
        "enabled": view.enabled,
        "zones": [zone_document(zone) for zone in view.zones],
        "status": view.state.value,
        "fps": _number(view.fps),
        "resolution": view.resolution,
    }
    if view.fault is not None:
        return shown | {"fault": view.fault, "detail": view.detail}
    # A camera may stream and still have something to say, such as that it is not recorded.
    return shown | {"detail": view.detail} if view.detail else shown


def one_camera_document(view: CameraView) -> dict[str, Any]:
    said = {"modules": dict(view.modules)} if view.modules else {}
    return camera_document(view) | said | {"last_frame_timestamp": whole_seconds_or_none(view.last_frame_at)}


def _number(value: float) -> float | int:
    rounded = round(value, 1)
    return int(rounded) if rounded.is_integer() else rounded
