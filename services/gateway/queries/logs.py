"""The newest log records of all services, from the bounded stream they are kept in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis

from shared.messages.topics import LOGS

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_CHUNK = 500
_LONGEST_VALUE = 200
# Said in fields of their own, or by the message itself.
_OUTSIDE_THE_MESSAGE = frozenset(
    {
        "timestamp",
        "level",
        "component",
        "event",
        "message",
        "service",
        "instance",
        "trace_id",
        "request_id",
        "exception",
    }
)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record; `fields` is all it tells beyond that."""

    at: datetime
    level: str
    component: str
    message: str
    fields: Mapping[str, Any]


def newest_logs(
    redis: Redis, *, level: str | None = None, component: str | None = None, service: str | None = None, limit: int
) -> list[LogRecord]:
    """Records of that level and above, newest first.

    `component` is a prefix by its dotted parts: `eye` means `eye` and `eye.yolo`, not `eyeball`. What cannot be
    read is left out. Raises `redis.exceptions.RedisError`.
    """
    least = LEVELS.index(level) if level is not None else 0
    found: list[LogRecord] = []
    for record in _records(redis):
        wanted = (
            LEVELS.index(record.level) >= least
            and (component is None or _is_below(record.component, component))
            and (service is None or record.fields.get("service") == service)
        )
        if wanted:
            found.append(record)
        if len(found) >= limit:
            break
    return found


def record_of(raw: bytes) -> LogRecord | None:
    """The record in an entry of the stream; None when there is none to be read."""
    try:
        stored = json.loads(raw)
        at = datetime.fromisoformat(stored["timestamp"])
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        level, event = str(stored.get("level", "info")).upper(), str(stored["event"])
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
    level = {"WARN": "WARNING", "EXCEPTION": "ERROR", "FATAL": "CRITICAL"}.get(level, level)
    if level not in LEVELS:
        return None
    fields = {name: value for name, value in stored.items() if name not in ("timestamp", "level", "component")}
    return LogRecord(
        at=at,
        level=level,
        component=str(stored.get("component") or stored.get("service") or "unknown"),
        message=_message(event, fields),
        fields={name: value for name, value in fields.items() if name != "message"},
    )


def _records(redis: Redis) -> Iterator[LogRecord]:
    """Every readable record, newest first, read as far as somebody asks."""
    before = "+"
    while True:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        entries: Any = redis.xrevrange(LOGS, max=before, count=_CHUNK)
        for _, fields in entries:
            record = record_of(fields.get(b"record", b""))
            if record is not None:
                yield record
        if len(entries) < _CHUNK:
            return
        before = "(" + entries[-1][0].decode()


def _message(event: str, fields: Mapping[str, Any]) -> str:
    """`Camera changed camera=cam_001`: the event as words, then what it tells."""
    words = str(fields.get("message") or _words(event))
    told = [f"{name}={_value(value)}" for name, value in fields.items() if name not in _OUTSIDE_THE_MESSAGE]
    return " ".join([words, *told])


def _words(event: str) -> str:
    text = event.replace("_", " ") if " " not in event else event
    return text[:1].upper() + text[1:]


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    text = " ".join(text.split())
    text = text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
    return f'"{text}"' if " " in text else text


def _is_below(component: str, prefix: str) -> bool:
    return component == prefix or component.startswith(prefix.rstrip(".") + ".")
