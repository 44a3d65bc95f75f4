"""Structured logs: JSON lines on stdout and a bounded stream in Redis."""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
from typing import Any, TextIO

import structlog
from redis import Redis
from redis.exceptions import RedisError

from shared.messages.topics import LOGS
from shared.settings.sections import LogSettings

_BOUND = 5_000
_QUEUE = 1_000
_BATCH = 100


def get_logger(component: str) -> Any:
    """The logger of a component such as `eye.pipeline`; usable at import time."""
    return structlog.stdlib.get_logger(component=component)


def configure_logging(
    settings: LogSettings, *, service: str, redis: Redis | None = None, stream: TextIO | None = None
) -> None:
    """Set up this process's logs; call once, in the composition root.

    Records go to `stream` (default stdout), and to the `logs` stream of `redis` when it is given: by a thread of
    its own that drops records rather than wait, so that a lost Redis never slows the service. Libraries that use
    the standard `logging` are rendered the same way, from WARNING up.
    """
    structlog.contextvars.bind_contextvars(service=service)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    sink = RedisSink(redis) if redis is not None else None
    structlog.configure(
        processors=[*shared, *([sink] if sink else []), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Any = structlog.processors.JSONRenderer()
    if settings.format == "console":
        renderer = structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _component_of_library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelName(settings.level)))
    logging.getLogger("services").setLevel(settings.level)


class RedisSink:
    """A structlog processor that also sends each record to the bounded `logs` stream."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue(_QUEUE)
        threading.Thread(target=self._run, name="log-sink", daemon=True).start()

    def __call__(self, _: Any, __: str, record: Any) -> Any:
        # A lost log line must never cost the work it tells of.
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(dict(record))
        return record

    def _run(self) -> None:
        render = structlog.processors.JSONRenderer(default=str)
        while True:
            records = [self._queue.get()]
            while len(records) < _BATCH and not self._queue.empty():
                records.append(self._queue.get())
            pipe = self._redis.pipeline(transaction=False)
            for record in records:
                pipe.xadd(LOGS, {"record": render(None, "", record)}, maxlen=_BOUND, approximate=True)
            try:
                pipe.execute()
            except RedisError:
                continue  # the lines are on stdout all the same


def _component_of_library(_: Any, __: str, record: Any) -> Any:
    origin = record.get("_record")
    record.setdefault("component", origin.name if origin is not None else "library")
    return record
