"""`/metrics` for Prometheus."""

from __future__ import annotations

from flask import Blueprint, Response

from shared.observability import metrics

api = Blueprint("metrics", __name__)


@api.get("/metrics")
def get_metrics() -> Response:
    """Every metric of this machine's processes. Holds no secrets and needs no credentials."""
    return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)
