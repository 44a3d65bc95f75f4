"""The dialect of SecureVision's clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from flask import Request
from flask_openapi3 import APIBlueprint, Info

from services.gateway.auth.authenticator import Credentials
from services.gateway.dialect import SecuritySchemes
from services.gateway.dialects.securevision import cleanup, events, root, stream
from services.gateway.dialects.securevision.credentials import bearer_credentials
from services.gateway.dialects.securevision.errors import ErrorBody, detail_of
from services.gateway.dialects.securevision.names import SERVICE, VERSION
from services.gateway.gateway import current_gateway
from services.gateway.problem import Problem


class SecureVision:
    """Bearer tokens, times in milliseconds, `{detail}`."""

    name = "securevision"
    prefix = "/securevision"
    info = Info(
        title=SERVICE,
        version=VERSION,
        description="Faces and number plates that were recognised. Send an API key, or the token of the settings, as "
        "`Authorization: Bearer`.",
    )
    security_schemes: ClassVar[SecuritySchemes] = {"bearer": {"type": "http", "scheme": "bearer"}}
    error_model = ErrorBody
    invalid_status = 422
    unreachable_status = 500
    shapes = ()

    def blueprints(self) -> Sequence[APIBlueprint]:
        return (root.api, events.api, cleanup.api, stream.api)

    def credentials(self, request: Request, address: str) -> Credentials:
        given = request.authorization
        token = given.token if given is not None and given.type == "bearer" else None
        return bearer_credentials(token, current_gateway().settings.securevision, address=address)

    def envelope(self, problem: Problem, *, now: datetime) -> Mapping[str, Any]:
        return {"detail": detail_of(problem)}
