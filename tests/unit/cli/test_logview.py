from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from services.cli.logview import LogView

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
RECORD = json.dumps(
    {
        "event": "presence_started",
        "level": "info",
        "component": "eye.pipeline",
        "timestamp": "2026-01-15T10:30:45.000001Z",
        "camera": "cam_001",
        "track_id": 7,
    }
)


def _view(*, short: bool, level: str = "debug", colour: bool = False) -> tuple[LogView, io.StringIO]:
    stream = io.StringIO()
    return LogView(stream, short=short, now=lambda: NOW, level=level, colour=colour), stream


def test_outside_a_terminal_records_pass_as_they_are() -> None:
    view, stream = _view(short=False)
    view.line("eye", RECORD)
    assert stream.getvalue() == RECORD + "\n"


def test_outside_a_terminal_every_line_is_json() -> None:
    view, stream = _view(short=False)
    view.line("gateway", "[INFO] Listening")
    view.line("gateway", '{"broken')
    view.event("service_started", name="eye")
    records = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [record["event"] for record in records] == ["[INFO] Listening", '{"broken', "service_started"]
    assert records[0]["service"] == "gateway"


def test_in_a_terminal_a_record_is_one_short_line() -> None:
    view, stream = _view(short=True)
    view.line("eye", RECORD)
    line = stream.getvalue()
    assert line.endswith("eye          │ presence_started camera=cam_001 track_id=7\n")
    assert line.count("\n") == 1


def test_warnings_stand_out() -> None:
    view, stream = _view(short=True, colour=True)
    view.line("eye", json.dumps({"event": "slow", "level": "warning"}))
    assert "\x1b[33mWARNING slow\x1b[0m" in stream.getvalue()


def test_an_exception_is_shown_below_its_record() -> None:
    view, stream = _view(short=True)
    view.line("eye", json.dumps({"event": "failed", "level": "error", "exception": "Traceback\n  line"}))
    assert [line.partition("│ ")[2] for line in stream.getvalue().splitlines()] == [
        "ERROR failed",
        "Traceback",
        "  line",
    ]


def test_records_below_the_level_are_left_out_but_copied() -> None:
    copy, stream = io.StringIO(), io.StringIO()
    view = LogView(stream, short=True, now=lambda: NOW, level="warning", copy=copy)
    view.line("eye", RECORD)
    assert stream.getvalue() == ""
    assert copy.getvalue() == RECORD + "\n"


def test_a_reader_that_went_away_is_no_error() -> None:
    view, stream = _view(short=False)
    stream.close()
    view.line("eye", RECORD)
