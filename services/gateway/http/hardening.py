"""What is done to every request and answer: ids, security headers, compression, CORS, metrics."""

from __future__ import annotations

import gzip
import re
import time
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, g, has_app_context, request
from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUESTS = Counter("argus_http_requests_total", "Requests answered", ["dialect", "method", "route", "status"])
SECONDS = Histogram(
    "argus_http_request_seconds",
    "Time to answer",
    ["dialect", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_WORTH_COMPRESSING = 1024
# Level 1 is several times faster than the default and loses little on JSON.
_LEVEL = 1
_EXPOSED = "X-Request-ID, ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def install(app: Flask, *, dialect: str, cors_origins: tuple[str, ...]) -> None:
    """Put all of it around the app's requests."""
    app.wsgi_app = _with_headers(app.wsgi_app)  # type: ignore[method-assign,assignment]

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        g.started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = request_id()
        _allow_origin(response, cors_origins)
        _count(response, dialect)
        return _compressed(response)

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("request_id")


def _with_headers(app: WSGIApplication) -> WSGIApplication:
    # On the list that goes to the server: each change of a response's headers takes as long as all of this.
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given = {name for name, _ in headers}
            headers += [(name, value) for name, value in _HEADERS.items() if name not in given]
            return start_response(status, headers, *error)

        return app(environ, start)

    return answer


def request_id() -> str:
    """The id of the request being answered; nothing outside of one."""
    return str(g.get("request_id", "")) if has_app_context() else ""


def _count(response: Response, dialect: str) -> None:
    # The rule, not the path: paths are without number and hold ids.
    route = request.url_rule.rule if request.url_rule is not None else "unknown"
    REQUESTS.labels(dialect, request.method, route, response.status_code).inc()
    if "started" in g:
        SECONDS.labels(dialect, route).observe(time.perf_counter() - g.started)


def _allow_origin(response: Response, origins: tuple[str, ...]) -> None:
    if not origins:
        return
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins and "*" not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin or "*"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET, HEAD, OPTIONS")
        response.headers["Access-Control-Allow-Headers"] = (
            "Authorization, Content-Type, Idempotency-Key, X-API-Key, X-Request-ID"
        )
        response.headers["Access-Control-Max-Age"] = "600"


def _compressed(response: Response) -> Response:
    if response.content_type != "application/json" or response.direct_passthrough or response.is_streamed:
        return response
    if "Vary" in response.headers:
        response.vary.add("Accept-Encoding")
    else:
        response.headers["Vary"] = "Accept-Encoding"
    if "HTTP_ACCEPT_ENCODING" not in request.environ or request.accept_encodings["gzip"] <= 0:
        return response
    body = response.get_data()
    if len(body) < _WORTH_COMPRESSING:
        return response
    response.set_data(gzip.compress(body, compresslevel=_LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response
