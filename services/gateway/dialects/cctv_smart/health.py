"""GET /health"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.http.health import health_document

api = APIBlueprint("health", __name__, abp_tags=[Tag(name="System")])


class HealthBody(BaseModel):
    """`status` is healthy, degraded or unhealthy; a component is ok, unavailable or not_configured."""

    status: str = Field(examples=["healthy"])
    components: dict[str, str] = Field(examples=[{"api": "ok", "redis": "ok", "ollama": "ok", "database": "ok"}])
    services: dict[str, Any] = Field(examples=[{"eye": {"status": "ok", "instances": 1}}])
    eye: dict[str, Any] = Field(examples=[{"backend": "onnx", "detector": "onnx:yolox_nano"}])
    timestamp: str = Field(examples=["2025-01-15T10:30:00Z"])


@api.get("/health", responses={"200": HealthBody, "503": HealthBody})
@endpoint(scope=None)
def get_health(gateway: Gateway) -> Answer:
    """How well the system is.

    Needs no credentials. 503 only when the API itself cannot serve.
    """
    health = gateway.health.now()
    return Answer(health_document(health, at=gateway.now()), status=200 if health.can_serve else 503)
