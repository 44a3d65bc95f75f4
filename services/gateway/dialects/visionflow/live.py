"""/get_stream and /recognized_stream"""

from __future__ import annotations

from typing import Any, Final

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.camera_body import CameraPath
from services.gateway.dialects.visionflow.cameras import named
from services.gateway.dialects.visionflow.carriers import for_browsers
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.live.handover import streamed
from services.gateway.live.mjpeg import CONTENT_TYPE
from services.gateway.usecases.live import live_view
from shared.accounts.roles import Scope

api = APIBlueprint("live", __name__, abp_tags=[Tag(name="Live")], abp_security=SECURITY, abp_responses=REFUSALS)

_STREAM: Final[dict[str, Any]] = {"content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


@api.get("/get_stream/<int:camera_id>", responses={"200": _STREAM, "501": None})
@for_browsers
@endpoint(scope=Scope.READ)
def get_stream(gateway: Gateway, principal: Principal, path: CameraPath) -> Response:
    """The camera's pictures as they come, 30 a second at most, as an endless row of JPEGs.

    While it gives none, a picture says so; it goes on by itself. Slow clients miss pictures rather than lag behind.
    """
    return _streamed(gateway, principal, path, drawn=False)


@api.get("/recognized_stream/<int:camera_id>", responses={"200": _STREAM, "501": None})
@for_browsers
@endpoint(scope=Scope.READ)
def recognized_stream(gateway: Gateway, principal: Principal, path: CameraPath) -> Response:
    """The same with what is seen drawn onto it: boxes, labels, track numbers, scores, and the detection areas."""
    return _streamed(gateway, principal, path, drawn=True)


def _streamed(gateway: Gateway, principal: Principal, path: CameraPath, *, drawn: bool) -> Response:
    view = live_view(gateway, principal, named(gateway, principal, path), drawn=drawn)
    return streamed(view, gateway.places, account_id=principal.account_id, headers={"Content-Type": CONTENT_TYPE})
