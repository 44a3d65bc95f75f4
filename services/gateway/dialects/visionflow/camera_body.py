"""Cameras as clients write and read them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from services.gateway.queries.cameras import CameraView
from shared.domain.camera import CameraState

_STATUS = {
    CameraState.CONNECTING: "connecting",
    CameraState.STREAMING: "online",
    CameraState.OFFLINE: "offline",
    CameraState.ERROR: "error",
    CameraState.DISABLED: "offline",
}


class CameraPath(BaseModel):
    camera_id: int = Field(ge=1, le=2**31 - 1, json_schema_extra={"example": 1})


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


class CameraList(BaseModel):
    status: str = Field(examples=["success"])
    data: list[CameraShown]
    total: int = Field(description="all there are, on this page or not", examples=[1])


def camera_document(view: CameraView, *, usual_model: str) -> dict[str, Any]:
    """A camera in the contract's order."""
    return {
        "id": view.id,
        "name": view.name,
        "stream_url": view.url,
        "recognition": view.recognition,
        "location": view.location,
        "model_name": view.model or usual_model,
        "status": _STATUS[view.state],
        "created_at": whole_seconds(view.created_at),
        "updated_at": whole_seconds(view.updated_at),
        "last_active": whole_seconds_or_none(view.last_frame_at),
    }
