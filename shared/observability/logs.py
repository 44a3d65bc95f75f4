"""Structured logs: JSON lines on stdout and a bounded stream in Redis."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from redis import Redis

from shared.domain.masking import MASK, is_secret_name, mask_secrets
from shared.observability.log_sink import RedisSink
from shared.settings.sections import LogSettings

_OURS = "argus"


def get_logger(component: str) -> Any:
    """The logger of a component such as `eye.pipeline`; usable at import time."""
    return structlog.stdlib.get_logger(component=component)


def configure_logging(
    settings: LogSettings, *, service: str, redis: Redis | None = None, stream: TextIO | None = None
) -> None:
    """Set up this process's logs; call once, in the composition root.

    Records go to `stream` (default stdout), and to the `logs` stream of `redis` when it is given: by a thread of
    its own that drops records rather than wait, so that a lost Redis never slows the service. Libraries that use
    the standard `logging` are rendered the same way, from WARNING up. Credentials in addresses, keys, and whatever is
    named like a secret are masked.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _NameOfService(service),
        _without_secrets,
    ]
    sink: list[Any] = [RedisSink(redis)] if redis is not None else []
    structlog.configure(
        processors=[*shared, *sink, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.level)),
        # One logger for all of Argus, whatever the module: libraries have another threshold.
        logger_factory=lambda *_: logging.getLogger(_OURS),
        cache_logger_on_first_use=False,
    )
    renderer: Any = structlog.processors.JSONRenderer()
    if settings.format == "console":
        renderer = structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_component_of_library, *shared, *sink],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelName(settings.level)))
    logging.getLogger(_OURS).setLevel(settings.level)


class _NameOfService:
    """Names the service in every record: context variables would not reach other threads."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _: Any, __: str, record: Any) -> Any:
        record.setdefault("service", self._service)
        return record


def _without_secrets(_: Any, __: str, record: Any) -> Any:
    for name, value in record.items():
        record[name] = _masked(value, name)
    return record


def _masked(value: Any, name: str = "") -> Any:
    if isinstance(value, str | dict | list | tuple) and value and is_secret_name(name):
        return MASK
    if isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, dict):
        return {key: _masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    if isinstance(value, BaseException):
        return mask_secrets(repr(value))
    return value


def _component_of_library(_: Any, __: str, record: Any) -> Any:
    origin = record.get("_record")
    record.setdefault("component", origin.name if origin is not None else "library")
    return record
