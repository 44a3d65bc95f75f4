"""/cameras/{id}/probe, /cameras/probe"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.cameras import CameraPath
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.fields import Url
from services.gateway.usecases.camera_probes import probe_address, probe_camera
from shared.accounts.roles import Scope
from shared.domain.camera import CameraFault
from shared.messages.answers import ProbeAnswer

api = APIBlueprint(
    "camera_probes", __name__, abp_tags=[Tag(name="Cameras")], abp_security=SECURITY, abp_responses=REFUSALS
)

_STATUSES = ", ".join(fault.value for fault in CameraFault if fault is not CameraFault.ENDED)


class ProbeBody(BaseModel):
    """An address to try before a camera is added. It is not stored."""

    rtsp_url: Url


class AddressProbed(BaseModel):
    """What is there. Without pictures `ok` is false, `reason` says why, and the rest is null."""

    rtsp_url: str = Field(examples=["rtsp://***@192.168.1.101:554/Streaming/Channels/101"])
    ok: bool
    status: str = Field(examples=["ok"], description=f"ok, or why there are no pictures: {_STATUSES}")
    reason: str | None = Field(examples=["the camera refused the user name or password (401)"])
    codec: str | None = Field(examples=["h264"])
    resolution: str | None = Field(examples=["1920x1080"])
    fps: float | None = Field(examples=[25])
    keyframe_interval_s: float | None = Field(
        examples=[2.0], description="null when only one keyframe came while the probe looked"
    )
    has_audio: bool | None = Field(examples=[True], description="null when it cannot be known")
    latency_ms: int | None = Field(examples=[840], description="from opening the address to the first picture")


class CameraProbed(AddressProbed):
    id: str = Field(examples=["cam_001"])


@api.post("/cameras/<id>/probe", responses={"200": CameraProbed})
@endpoint(scope=Scope.WRITE)
def probe_one_camera(gateway: Gateway, principal: Principal, path: CameraPath) -> dict[str, Any]:
    """Open the camera's stored address anew and say what is there. Takes up to some 20 seconds.

    A camera that cannot be opened is a 200 with `ok` false; 503 means that nobody could look.
    """
    return {"id": path.id, **_document(probe_camera(gateway, principal, path.id))}


@api.post("/cameras/probe", responses={"200": AddressProbed})
@endpoint(scope=Scope.WRITE)
def probe_an_address(gateway: Gateway, principal: Principal, body: ProbeBody) -> dict[str, Any]:
    """Open an address once and say what is there, before a camera is added. Takes up to some 20 seconds."""
    return _document(probe_address(gateway, principal, body.rtsp_url))


def _document(found: ProbeAnswer) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "rtsp_url": found.url,
        "ok": found.ok,
        "status": "ok" if found.ok else (found.fault or CameraFault.NETWORK).value,
        "reason": None if found.ok else found.detail,
    }
    if not found.ok:
        return shown | {name: None for name in AddressProbed.model_fields if name not in shown}
    return shown | {
        "codec": found.codec,
        "resolution": f"{found.width}x{found.height}",
        "fps": int(found.fps) if found.fps.is_integer() else found.fps,
        "keyframe_interval_s": found.keyframe_interval_s,
        "has_audio": found.has_audio,
        "latency_ms": found.latency_ms,
    }
