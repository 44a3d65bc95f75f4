"""/showimage"""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.carriers import for_browsers
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.pictures import picture_response
from services.gateway.queries.own_pictures import own_picture
from shared.accounts.roles import Scope

api = APIBlueprint("images", __name__, abp_tags=[Tag(name="Pictures")], abp_security=SECURITY, abp_responses=REFUSALS)

_KINDS: Final[dict[str, Any]] = {kind: {} for kind in ("image/jpeg", "image/png", "image/webp", "image/bmp")}


class ImagePath(BaseModel):
    image_path: str = Field(max_length=1000)


@api.get("/showimage/<path:image_path>", responses={"200": {"content": _KINDS}, "304": None})
@for_browsers
@endpoint(scope=Scope.READ)
def show_image(gateway: Gateway, principal: Principal, path: ImagePath) -> Response:
    """A picture that one of the own events shows. Honours `If-None-Match`."""
    return _shown(gateway, principal, path)


@api.get("/showimage//<path:image_path>", doc_ui=False)  # `image_path` of a notification begins with a slash
@for_browsers
@endpoint(scope=Scope.READ)
def show_image_of_notification(gateway: Gateway, principal: Principal, path: ImagePath) -> Response:
    """The same, for clients that put a slash of their own before that of the path."""
    return _shown(gateway, principal, path)


def _shown(gateway: Gateway, principal: Principal, path: ImagePath) -> Response:
    with gateway.reads() as session:
        content, kind = own_picture(
            session, gateway.media, path.image_path.lstrip("/"), account_id=principal.visible_account
        )
    return picture_response(content, request, content_type=kind)
