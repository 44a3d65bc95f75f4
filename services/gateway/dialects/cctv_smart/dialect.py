"""The native dialect: what CCTV Smart's clients speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from flask import Request
from flask_openapi3 import APIBlueprint, Info

from services.gateway.auth.authenticator import Credentials
from services.gateway.auth.request import key_or_password
from services.gateway.dialect import SecuritySchemes
from services.gateway.dialects.cctv_smart import (
    alert_tests,
    alerts,
    arming,
    camera_probes,
    cameras,
    decisions,
    deliveries,
    event_stream,
    events,
    feedback,
    health,
    incidents,
    keys,
    legal_hold,
    live,
    logs,
    modules,
    plates,
    recipients,
    rules,
    snapshots,
    system,
    webhooks,
)
from services.gateway.dialects.cctv_smart.errors import ErrorBody
from services.gateway.dialects.cctv_smart.rule_body import CONDITION
from services.gateway.http.timestamps import whole_seconds
from services.gateway.problem import Problem


class CctvSmart:
    """`X-API-Key` or Basic, string camera ids, `{error, message, timestamp}`."""

    name = "cctv_smart"
    prefix = ""
    info = Info(
        title="Argus",
        version="1.0",
        description="The native API. Send an API key as `X-API-Key`, or a user name and password (Basic).",
    )
    security_schemes: ClassVar[SecuritySchemes] = {
        "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "basic": {"type": "http", "scheme": "basic"},
    }
    error_model = ErrorBody
    invalid_status = 400
    unreachable_status = 503
    shapes = (CONDITION,)

    def blueprints(self) -> Sequence[APIBlueprint]:
        return (
            health.api,
            cameras.api,
            snapshots.api,
            camera_probes.api,
            live.api,
            event_stream.api,
            events.api,
            feedback.api,
            legal_hold.api,
            decisions.api,
            incidents.api,
            alert_tests.api,
            alerts.api,
            keys.api,
            webhooks.api,
            recipients.api,
            deliveries.api,
            rules.api,
            arming.api,
            plates.api,
            system.api,
            logs.api,
            modules.api,
        )

    def credentials(self, request: Request, address: str) -> Credentials:
        return key_or_password(request, address)

    def envelope(self, problem: Problem, *, now: datetime) -> Mapping[str, Any]:
        return {"error": problem.code, "message": problem.message, "timestamp": whole_seconds(now)}
