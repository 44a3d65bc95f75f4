"""What the operator sees of the services' output: short coloured lines in a terminal, raw JSON anywhere else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, TextIO

_COLOURS = ("36", "35", "34", "33", "32", "96", "95", "94")
_LEVEL_COLOURS = {"warning": "33", "error": "31", "critical": "31;1"}
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_HIDDEN = frozenset({"timestamp", "level", "event", "service", "instance", "component", "trace_id", "exception"})
_LONGEST_VALUE = 160


class LogView:
    """Writes lines of services to a stream. A reader that went away is no error.

    `short` renders JSON records as one short line each and indents anything else; otherwise records pass as they
    are and other lines are wrapped, so that every line is JSON. Records below `level` are left out.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        short: bool,
        now: Callable[[], datetime],
        colour: bool = False,
        level: str = "debug",
        copy: TextIO | None = None,
    ) -> None:
        self._stream = stream
        self._short = short
        self._colour = colour
        self._now = now
        self._level = _LEVELS[level]
        self._copy = copy
        self._names: dict[str, str] = {}

    def line(self, service: str, text: str) -> None:
        """One line as a service wrote it."""
        record = _parsed(text)
        if record is None:
            record = {"service": service, "level": "info", "timestamp": self._now().isoformat(), "event": text}
            raw = json.dumps(record, ensure_ascii=False)
        else:
            raw = text
        self._emit(service, record, raw)

    def event(self, event: str, *, level: str = "info", **fields: object) -> None:
        """A record of the supervisor itself."""
        record = {"service": "argus", "level": level, "timestamp": self._now().isoformat(), "event": event, **fields}
        self._emit("argus", record, json.dumps(record, ensure_ascii=False, default=str))

    def _emit(self, service: str, record: Mapping[str, Any], raw: str) -> None:
        if self._copy is not None:
            _write(self._copy, raw)
        if _LEVELS.get(str(record.get("level", "info")).lower(), 20) < self._level:
            return
        _write(self._stream, self._rendered(service, record) if self._short else raw)

    def _rendered(self, service: str, record: Mapping[str, Any]) -> str:
        level = str(record.get("level", "info")).lower()
        fields = " ".join(f"{key}={_value(value)}" for key, value in record.items() if key not in _HIDDEN)
        mark = f"{level.upper()} " if level in _LEVEL_COLOURS else ""
        text = f"{mark}{record.get('event', '')}"
        head = f"{self._time(record)} {service:<13}│"
        lines = [f"{self._painted(head, self._colour_of(service))} {self._painted(text, _LEVEL_COLOURS.get(level))}"]
        lines[0] += f" {fields}" if fields else ""
        lines += [f"{' ' * 23}│ {line}" for line in str(record.get("exception", "")).splitlines()]
        return "\n".join(lines)

    def _time(self, record: Mapping[str, Any]) -> str:
        try:
            at = datetime.fromisoformat(str(record.get("timestamp", "")).replace("Z", "+00:00"))
        except ValueError:
            at = self._now()
        return at.astimezone().strftime("%H:%M:%S")

    def _colour_of(self, service: str) -> str:
        return self._names.setdefault(service, _COLOURS[len(self._names) % len(_COLOURS)])

    def _painted(self, text: str, colour: str | None) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if colour and self._colour else text


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads the stream, and whether it may be coloured (NO_COLOR is honoured by callers)."""
    with suppress(OSError, ValueError):
        return stream.isatty()
    return False


def may_colour(stream: TextIO) -> bool:
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _parsed(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        record = json.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "event" in record else None


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def _write(stream: TextIO, text: str) -> None:
    # A closed terminal or pipe must not stop the services.
    with suppress(OSError, ValueError):
        stream.write(text + "\n")
        stream.flush()
