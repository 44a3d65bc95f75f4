"""The API's own description: `/openapi.json`, and two readers of it that work offline."""

from __future__ import annotations

from html import escape
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, current_app, send_file
from flask_openapi3 import OpenAPI

from services.gateway.http.answers import response_of
from services.gateway.problem import Problem, Refusal

api = Blueprint("documentation", __name__)

_ASSETS = {
    "swagger-ui.css": ("flask_openapi3_swagger", "templates/swagger/css/swagger-ui.css"),
    "swagger-ui-bundle.js": ("flask_openapi3_swagger", "templates/swagger/js/swagger-ui-bundle.js"),
    "redoc.standalone.js": ("flask_openapi3_redoc", "templates/redoc/js/redoc.standalone.js"),
}
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
    """The OpenAPI document of this dialect."""
    return response_of(_app().api_doc)


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
    package, path = _ASSETS[name]
    response = send_file(_folder(package) / path, max_age=86_400, conditional=True)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _page(template: str) -> Response:
    response = Response(template.format(title=escape(_app().info.title)), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _app() -> OpenAPI:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    assert isinstance(app, OpenAPI)  # noqa: S101 – every dialect's app is one
    return app


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise Refusal(Problem(404, "not_found", f"{package} is not installed"))
    return Path(spec.origin).parent
