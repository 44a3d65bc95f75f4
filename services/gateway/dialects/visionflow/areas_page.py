"""/snapshot_ui: the camera's picture, and its detection areas to be drawn onto it"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.camera_body import CameraPath
from services.gateway.dialects.visionflow.cameras import named, seen_camera
from services.gateway.dialects.visionflow.carriers import for_browsers
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.dialects.visionflow.region_body import region_document
from services.gateway.dialects.visionflow.words import language, say
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.one_address import without_slash
from services.gateway.http.pictures import picture_response
from services.gateway.usecases.snapshots import snapshot
from shared.accounts.roles import Scope
from shared.domain.errors import NotFound

api = APIBlueprint(
    "areas_page", __name__, abp_tags=[Tag(name="Detection areas")], abp_security=SECURITY, abp_responses=REFUSALS
)
api.before_request(without_slash)

_ASSETS: Final = Path(__file__).with_name("assets")
_TYPES: Final = {"areas.js": "text/javascript; charset=utf-8", "areas.css": "text/css; charset=utf-8"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TEXTS: Final = (
    "area", "draw_hint", "log_in_to_save", "no_picture", "not_reached", "remove_point", "too_few", "unnamed",
)  # fmt: skip
_USUAL: Final = (1920, 1080)
_PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{camera}</title><link rel="stylesheet" href="assets/areas.css"></head>
<body><main><h1>{camera}</h1>
<div class="stage" id="stage"><img id="picture" alt="{picture}">
<svg id="drawing" tabindex="0" role="application" aria-label="{drawing}"></svg>
<output class="place" id="place"></output></div>
<section><p class="said" id="said" role="status"></p><ul id="areas" aria-label="{areas}"></ul>
<div class="row-of-buttons"><button type="button" id="add">{add}</button>
<button type="button" id="refresh">{refresh}</button></div>
<fieldset id="fields"><label>{name}<input id="name" maxlength="128"></label>
<label>{classes}<input id="classes" placeholder="person, vehicle"></label>
<label>{duration}<input id="duration" type="number" min="0" max="86400" step="1"></label>
<label class="row"><input id="notify" type="checkbox">{notify}</label>
<div class="points" id="points" role="group" aria-label="{points}"></div>
<div class="row-of-buttons"><button type="button" id="remove">{remove}</button></div></fieldset>
<button type="button" class="main" id="save">{save}</button><p>{keys}</p></section></main>
<script type="application/json" id="data">{data}</script><script type="module" src="assets/areas.js"></script>
</body></html>
"""
_WORDS: Final = (
    "picture", "drawing", "areas", "add", "refresh", "name", "classes", "duration", "notify", "points", "remove",
    "save", "keys",
)  # fmt: skip


class AssetPath(BaseModel):
    name: str = Field(max_length=64)


@api.get("/snapshot_ui/<int:camera_id>", responses={"200": {"content": {"text/html": {}}}})
@for_browsers
@endpoint(scope=Scope.READ)
def show_areas(gateway: Gateway, principal: Principal, path: CameraPath) -> Response:
    """A page that shows the camera's picture and lets people draw its detection areas.

    Saving asks for the login page's cookie.
    """
    view = seen_camera(gateway, principal, named(gateway, principal, path))
    width, height = _size(view.resolution)
    data = {
        "camera": path.camera_id,
        "width": width,
        "height": height,
        "areas": [region_document(zone) for zone in view.zones],
        "texts": {name: say(f"areas_{name}") for name in _TEXTS},
    }
    words = {name: escape(say(f"areas_{name}")) for name in _WORDS}
    text = _PAGE.format(language=language(), camera=escape(view.name), data=_inside_html(data), **words)
    response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


@api.get("/snapshot_ui/<int:camera_id>/picture.jpg", responses={"200": {"content": {"image/jpeg": {}}}, "304": None})
@for_browsers
@endpoint(scope=Scope.READ)
def show_picture(gateway: Gateway, principal: Principal, path: CameraPath) -> Response:
    """The camera's picture now. 503 with the reason when it gives none."""
    taken = snapshot(gateway, principal, named(gateway, principal, path), width=None)
    return picture_response(taken.jpeg, request, taken_at=taken.captured_at)


@api.get("/snapshot_ui/assets/<name>", doc_ui=False)  # part of the page, open to all, and no matter of the API
@endpoint(scope=None)
def show_asset(path: AssetPath) -> Response:
    """A file of the page."""
    if path.name not in _TYPES:
        raise NotFound("name", "there is no such file")
    content, tag = _asset(path.name)
    response = Response(content, content_type=_TYPES[path.name])
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


def _size(resolution: str | None) -> tuple[int, int]:
    width, _, height = (resolution or "").partition("x")
    return (int(width), int(height)) if width.isdigit() and height.isdigit() else _USUAL


def _inside_html(data: Any) -> str:
    """JSON that ends no element, whatever people call their areas."""
    return json.dumps(data, ensure_ascii=False).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def _asset(name: str) -> tuple[bytes, str]:
    content = (_ASSETS / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:32]
