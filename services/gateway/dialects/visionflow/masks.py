"""/mask"""

from __future__ import annotations

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.camera_body import CameraPath
from services.gateway.dialects.visionflow.cameras import named
from services.gateway.dialects.visionflow.carriers import for_browsers
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.pictures import picture_response
from services.gateway.queries.masks import zone_mask
from shared.accounts.roles import Scope

api = APIBlueprint(
    "masks", __name__, abp_tags=[Tag(name="Detection areas")], abp_security=SECURITY, abp_responses=REFUSALS
)


@api.get(
    "/mask/<int:camera_id>",
    responses={"200": {"content": {"image/png": {}}, "headers": {"ETag": {"schema": {"type": "string"}}}}, "304": None},
)
@for_browsers
@endpoint(scope=Scope.READ)
def get_mask(gateway: Gateway, principal: Principal, path: CameraPath) -> Response:
    """The camera's detection areas as PNG: white on black, at its resolution.

    A pixel is white when its middle lies within an area. Honours `If-None-Match`.
    """
    slug = named(gateway, principal, path)
    with gateway.reads() as session:
        png = zone_mask(session, slug, gateway.statuses([slug]).get(slug), account_id=principal.visible_account)
    return picture_response(png, request, content_type="image/png")
