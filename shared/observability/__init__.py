"""Logs, metrics and liveness of every service."""

from shared.observability.liveness import Liveness
from shared.observability.logs import configure_logging, get_logger

__all__ = ["Liveness", "configure_logging", "get_logger"]
