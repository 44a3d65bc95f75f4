"""The dialect of VisionFlow's clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from flask import Request
from flask_openapi3 import APIBlueprint, Info

from services.gateway.auth.authenticator import Credentials
from services.gateway.dialect import SecuritySchemes
from services.gateway.dialects.visionflow import (
    areas_page,
    cameras,
    email_recipients,
    images,
    line_tokens,
    live,
    login_pages,
    logins,
    masks,
    notifications,
    rectangles,
    registration,
    registration_pages,
)
from services.gateway.dialects.visionflow.carriers import credentials_of
from services.gateway.dialects.visionflow.errors import ErrorBody, error_document
from services.gateway.problem import Problem


class VisionFlow:
    """Tokens, int camera ids, `{status, message, error_code}`, 422 for what is not valid."""

    name = "visionflow"
    prefix = "/visionflow"
    info = Info(
        title="VisionFlow",
        version="1.0",
        description=(
            "Argus as VisionFlow's clients know it. Get an access token from `/login` and send it as "
            "`Authorization: Bearer …`. Messages follow `Accept-Language`: zh-TW, en, fr, ru."
        ),
    )
    security_schemes: ClassVar[SecuritySchemes] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }
    error_model = ErrorBody
    invalid_status = 422
    unreachable_status = 503
    shapes = ()

    def blueprints(self) -> Sequence[APIBlueprint]:
        return (
            registration.api,
            registration_pages.pages,
            logins.api,
            login_pages.api,
            cameras.api,
            rectangles.api,
            masks.api,
            live.api,
            areas_page.api,
            images.api,
            notifications.api,
            email_recipients.api,
            line_tokens.api,
        )

    def credentials(self, request: Request, address: str) -> Credentials:
        return credentials_of(request, address)

    def envelope(self, problem: Problem, *, now: datetime) -> Mapping[str, Any]:
        return error_document(problem)
