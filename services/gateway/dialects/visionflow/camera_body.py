"""Cameras as clients write and read them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator

from services.gateway.dialects.visionflow.models import model_names, usual_model
from services.gateway.dialects.visionflow.region_body import RegionBody, RegionShown, check_names, region_document
from services.gateway.gateway import Gateway
from services.gateway.http.fields import Name, Url, UrlOrKept
from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from services.gateway.queries.cameras import CameraView
from shared.cameras.registry import CameraChange, NewCamera
from shared.cameras.zones import MAX_ZONES, ZoneSpec
from shared.domain.camera import CameraState
from shared.domain.camera_options import MAX_LOCATION

_STATUS = {
    CameraState.CONNECTING: "connecting",
    CameraState.STREAMING: "online",
    CameraState.OFFLINE: "offline",
    CameraState.ERROR: "error",
    CameraState.DISABLED: "offline",
}


class CameraPath(BaseModel):
    camera_id: int = Field(ge=1, le=2**31 - 1, json_schema_extra={"example": 1})


def _known_model(name: str, info: ValidationInfo) -> str:
    names = model_names(info.context["gateway"]) if info.context else [name]
    if name not in names:
        raise ValueError(f"is no model that runs here – there is {', '.join(names)}")
    return name


Model = Annotated[
    str,
    Field(min_length=1, max_length=128, examples=["yolo_v11_detect"], json_schema_extra={"format": "model-name"}),
    AfterValidator(_known_model),
]
Place = Annotated[str, Field(max_length=MAX_LOCATION, examples=["側門入口"])]
Areas = Annotated[list[RegionBody], Field(max_length=MAX_ZONES)]


class _WithAreas(BaseModel):
    @field_validator("detection_areas", check_fields=False)
    @classmethod
    def _names_differ(cls, areas: list[RegionBody] | None) -> list[RegionBody] | None:
        check_names(areas or [])
        return areas


class NewCameraBody(_WithAreas):
    """A camera to add. `recognition` false: its pictures are recorded and not looked at."""

    name: Name = Field(examples=["側門攝影機"])
    stream_url: Url
    recognition: bool = True
    location: Place = ""
    model_name: Model | None = None
    detection_areas: Areas = Field(default_factory=list)

    def new(self) -> NewCamera:
        return NewCamera(
            name=self.name,
            url=self.stream_url,
            zones=_specs(self.detection_areas),
            recognition=self.recognition,
            location=self.location,
            model=self.model_name,
        )


class CameraChangeBody(_WithAreas):
    """What to change; everything left out stays. A blank or masked `stream_url` keeps the stored one."""

    name: Name | None = Field(default=None, examples=["主入口攝影機 (更新)"])
    stream_url: UrlOrKept | None = None
    recognition: bool | None = None
    location: Place | None = None
    model_name: Model | None = None
    detection_areas: Areas | None = None

    def change(self) -> CameraChange:
        return CameraChange(
            name=self.name,
            url=self.stream_url,
            zones=_specs(self.detection_areas) if self.detection_areas is not None else None,
            recognition=self.recognition,
            location=self.location,
            model=self.model_name,
        )


def _specs(areas: list[RegionBody]) -> tuple[ZoneSpec, ...]:
    return tuple(area.spec() for area in areas)


class CameraShown(BaseModel):
    """A camera; credentials in its URL are never shown."""

    id: int = Field(examples=[1])
    name: str = Field(examples=["主入口攝影機"])
    stream_url: str = Field(examples=["rtsp://***@camera1.example.com:554/stream"])
    recognition: bool = Field(description="whether its pictures are looked at; when not, they are only recorded")
    location: str = Field(examples=["主入口"])
    model_name: str = Field(examples=["yolo_v11_detect"])
    status: str = Field(examples=["online"], description="connecting, online, offline, error")
    created_at: str = Field(examples=["2024-01-15T10:30:00Z"])
    updated_at: str = Field(examples=["2024-01-20T16:15:00Z"])
    last_active: str | None = Field(examples=["2024-01-20T15:45:00Z"], description="when its newest picture was taken")
    detection_areas: list[RegionShown]


class CameraList(BaseModel):
    status: str = Field(examples=["success"])
    data: list[CameraShown]
    total: int = Field(description="all there are, on this page or not", examples=[1])


class OneCamera(BaseModel):
    status: str = Field(examples=["success"])
    data: CameraShown


class CameraWritten(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["攝影機新增成功"])
    data: CameraShown


class CameraRemoved(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["攝影機刪除成功"])
    deleted_camera_id: int = Field(examples=[1])


def camera_document(view: CameraView, gateway: Gateway) -> dict[str, Any]:
    """A camera in the contract's order."""
    return {
        "id": view.id,
        "name": view.name,
        "stream_url": view.url,
        "recognition": view.recognition,
        "location": view.location,
        "model_name": view.model or usual_model(gateway),
        "status": _STATUS[view.state],
        "created_at": whole_seconds(view.created_at),
        "updated_at": whole_seconds(view.updated_at),
        "last_active": whole_seconds_or_none(view.last_frame_at),
        "detection_areas": [region_document(zone) for zone in view.zones],
    }
