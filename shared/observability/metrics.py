"""Prometheus metrics: of this process, or of all processes of one machine.

Under `argus up` the variable PROMETHEUS_MULTIPROC_DIR makes every process write to one folder, and the gateway's
`/metrics` serves them all. A service that runs on its own serves its metrics on a port (`metrics.port`).
"""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from shared.settings.sections import MetricsSettings

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    return bytes(generate_latest(_registry()))


def serve(settings: MetricsSettings) -> None:
    """Serve the metrics on a port of their own when one is set; returns at once."""
    if settings.port is not None:
        start_http_server(settings.port, addr=settings.host, registry=_registry())


def _registry() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
