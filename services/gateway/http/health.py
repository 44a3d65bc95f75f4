"""How well the system is, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.gateway.http.timestamps import whole_seconds
from services.gateway.queries.health import Health


def health_document(health: Health, *, at: datetime) -> dict[str, Any]:
    """The JSON form that all dialects build on."""
    return {
        "status": health.status,
        "components": dict(health.components),
        "services": dict(health.services),
        "eye": dict(health.eye),
        "timestamp": whole_seconds(at),
    }
