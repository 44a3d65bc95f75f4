"""The API's own description: `/openapi.json`, and two readers of it that work offline."""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, request
from flask_openapi3 import OpenAPI

from services.gateway.http.answers import response_of
from services.gateway.http.one_address import without_slash
from services.gateway.openapi_document import finished_document
from services.gateway.problem import Problem, Refusal

api = Blueprint("documentation", __name__)
api.before_request(without_slash)

SHAPES: Final = "argus_shapes"
"""Where an app keeps the shapes of its dialect."""

UNREACHABLE: Final = "argus_unreachable"
"""Where it keeps the status by which its dialect says that the database does not answer."""

_DOCUMENT = "argus_document"
_ASSETS = {
    "swagger-ui.css": ("flask_openapi3_swagger", "templates/swagger/css/swagger-ui.css"),
    "swagger-ui-bundle.js": ("flask_openapi3_swagger", "templates/swagger/js/swagger-ui-bundle.js"),
    "redoc.standalone.js": ("flask_openapi3_redoc", "templates/redoc/js/redoc.standalone.js"),
}
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
# ReDoc shows its maker's logo, and nothing when there is none.
_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src blob:; frame-ancestors 'none'"
)
_SWAGGER = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body></html>
"""
_START = """window.ui = SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true});
"""
_REDOC = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><redoc spec-url="openapi.json"></redoc><script src="docs/assets/redoc.standalone.js"></script></body></html>
"""


@api.get("/openapi.json")
def openapi_json() -> Response:
    """The OpenAPI document of this dialect, as it is asked for: at its prefix, or at a port of its own."""
    app = _app()
    if _DOCUMENT not in app.extensions:
        app.extensions[_DOCUMENT] = finished_document(
            app, app.extensions[SHAPES], unreachable_status=app.extensions[UNREACHABLE]
        )
    return response_of({**app.extensions[_DOCUMENT], "servers": [{"url": request.script_root or "/"}]})


@api.get("/")
def index() -> Response:
    """What this is and where to read on."""
    info, root = _app().info, request.script_root
    links = {"docs": "/docs", "redoc": "/redoc", "openapi": "/openapi.json", "health": "/health", "metrics": "/metrics"}
    rules = {rule.rule for rule in current_app.url_map.iter_rules()}
    shown = {name: root + path for name, path in links.items() if path in rules}
    return response_of({"name": info.title, "version": _version(), "api_version": info.version, **shown})


@api.get("/docs")
def docs() -> Response:
    """Swagger UI."""
    return _page(_SWAGGER)


@api.get("/docs/start.js")
def start() -> Response:
    return Response(_START, content_type="text/javascript; charset=utf-8")


@api.get("/redoc")
def redoc() -> Response:
    """ReDoc."""
    return _page(_REDOC)


@api.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    if name not in _ASSETS:
        raise Refusal(Problem(404, "not_found", "There is nothing at this address"))
    content = _content(name)
    response = Response(content, content_type=_TYPES[name.rpartition(".")[2]])
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.headers["Cache-Control"] = "public, max-age=86400"
    response.make_conditional(request)
    return response


@cache
def _content(name: str) -> bytes:
    """An asset as it is served: what asks for things from elsewhere asks for nothing."""
    package, path = _ASSETS[name]
    return (_folder(package) / path).read_bytes().replace(_LOGO, b"data:,")


def _page(template: str) -> Response:
    response = Response(template.format(title=escape(_app().info.title)), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _version() -> str:
    try:
        return version("argus")
    except PackageNotFoundError:
        return "unknown"


def _app() -> OpenAPI:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    assert isinstance(app, OpenAPI)  # noqa: S101 – every dialect's app is one
    return app


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise Refusal(Problem(404, "not_found", f"{package} is not installed"))
    return Path(spec.origin).parent
