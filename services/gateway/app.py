"""The WSGI application: one Flask app per dialect, behind a switchboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response
from flask_openapi3 import OpenAPI
from werkzeug.exceptions import HTTPException

from services.gateway import answer_page, documentation, metrics_page, picture_page, rate_limits, telegram_page
from services.gateway.auth import caller
from services.gateway.dialect import Dialect
from services.gateway.gateway import EXTENSION, Gateway
from services.gateway.http import hardening
from services.gateway.http.answers import Answer, response_of
from services.gateway.problem import Refusal, problem_of
from services.gateway.switchboard import Switchboard
from shared.observability import get_logger

log = get_logger("gateway.app")

MAX_BODY_BYTES = 1024 * 1024


def application(
    gateway: Gateway, dialects: Sequence[Dialect], *, ports: Mapping[int, str] | None = None
) -> Switchboard:
    """All dialects at their prefixes, and by name at the root of the ports in `ports`."""
    apps = {dialect.name: dialect_app(dialect, gateway) for dialect in dialects}
    return Switchboard(
        by_prefix={dialect.prefix: apps[dialect.name] for dialect in dialects},
        by_port={port: apps[name] for port, name in (ports or {}).items()},
    )


class _App(OpenAPI):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing here is a coroutine: not asked anew for every function around every request."""
        return func


def dialect_app(dialect: Dialect, gateway: Gateway) -> OpenAPI:
    """One dialect as an app of its own: so every error, even of an unknown address, is in its words."""
    app = _App(
        f"services.gateway.{dialect.name}",
        info=dialect.info,
        security_schemes=dialect.security_schemes,  # type: ignore[arg-type]
        doc_ui=False,
        validation_error_status=dialect.invalid_status,
        validation_error_model=dialect.error_model,
        static_folder=None,
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.extensions[EXTENSION] = gateway
    app.extensions[documentation.SHAPES] = dialect.shapes
    app.extensions[documentation.UNREACHABLE] = dialect.unreachable_status
    hardening.install(app, dialect=dialect.name, cors_origins=gateway.settings.gateway.cors_origins)
    caller.install(app, gateway, credentials_of=dialect.credentials)
    rate_limits.install(app, gateway)
    app.register_error_handler(Exception, lambda error: _refusal(error, dialect, gateway))
    for blueprint in dialect.blueprints():
        app.register_api(blueprint)
    app.register_blueprint(documentation.api)
    app.register_blueprint(metrics_page.api)
    app.register_blueprint(answer_page.api)
    app.register_blueprint(picture_page.api)
    app.register_blueprint(telegram_page.api)
    return app


def _refusal(error: Exception, dialect: Dialect, gateway: Gateway) -> Response | HTTPException:
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error
    request_id = hardening.request_id()
    problem = problem_of(error, request_id=request_id)
    if problem.status == 400:
        problem = replace(problem, status=dialect.invalid_status)
    if problem.status == 500:
        log.error("request_failed", exc_info=error)
    elif problem.status == 503:
        log.warning("request_unserved", reason=type(error).__name__)
        if not isinstance(error, Refusal):  # what is said on purpose (too many streams) is no fault of ours
            problem = replace(problem, status=dialect.unreachable_status)
    body = dialect.envelope(problem, now=gateway.now())
    return response_of(Answer(body, status=problem.status, headers=problem.headers))
