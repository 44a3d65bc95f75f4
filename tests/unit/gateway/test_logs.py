"""/system/logs"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from redis import Redis

from services.gateway.queries.logs import record_of
from shared.messages.topics import LOGS
from shared.observability import configure_logging, get_logger
from shared.settings import Settings
from shared.settings.sections import LogSettings
from tests.conftest import wait_until
from tests.unit.gateway.installation import Api, Template, open_api

AT = "2025-01-15T10:35:12.250000Z"


def _add(redis: Redis, event: str = "something_happened", **fields: Any) -> None:
    record = {"timestamp": AT, "level": "info", "component": "eye.yolo", "service": "eye", "event": event, **fields}
    redis.xadd(LOGS, {"record": json.dumps(record)})


def _logs(api: Api, query: str = "", who: str = "boss") -> list[dict[str, Any]]:
    answer = api.get(f"/system/logs{query}", who=who)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert answer.json["count"] == len(answer.json["logs"])
    return list(answer.json["logs"])


def test_a_record_has_the_contracts_fields_and_those_of_its_event(api: Api, redis: Redis) -> None:
    _add(redis, "person_detected", camera="cam_001", confidence=0.94, request_id="r1", message=None)
    (record,) = _logs(api)
    assert list(record)[:4] == ["timestamp", "level", "component", "message"]
    assert record == {
        "timestamp": "2025-01-15T10:35:12Z",
        "level": "INFO",
        "component": "eye.yolo",
        "message": "Person detected camera=cam_001 confidence=0.94",
        "service": "eye",
        "event": "person_detected",
        "camera": "cam_001",
        "confidence": 0.94,
        "request_id": "r1",
    }


@pytest.mark.parametrize(
    ("event", "fields", "message"),
    [
        ("redis_unavailable", {}, "Redis unavailable"),
        ("Queue cctv:queue:gemma is at 48/50 capacity", {}, "Queue cctv:queue:gemma is at 48/50 capacity"),
        ("eye_fallback", {"message": "finding people with HOG"}, "finding people with HOG"),
        ("a_b", {"reason": "two words", "many": [1, 2]}, 'A b reason="two words" many="[1, 2]"'),
        ("a_b", {"text": "x\ny" * 400}, 'A b text="' + " ".join(("x\ny" * 400).split())[:200] + '…"'),
    ],
)
def test_the_message_is_text_for_people(
    api: Api, redis: Redis, event: str, fields: dict[str, Any], message: str
) -> None:
    _add(redis, event, **fields)
    assert _logs(api)[0]["message"] == message


@pytest.fixture
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("argus").setLevel(logging.NOTSET)
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logging_as_it_was")
def test_what_services_log_is_what_is_shown_without_their_secrets(api: Api, redis: Redis, redis_url: str) -> None:
    configure_logging(LogSettings(), service="brain", redis=Redis.from_url(redis_url), stream=io.StringIO())
    log = get_logger("brain.test")
    log.warning(
        "odd_thing",
        camera="cam_001",
        url="rtsp://user:canary-1@192.0.2.1/",
        password="canary-2",
        nested={"bot_token": "canary-3", "url": "redis://:canary-4@host"},
        header="Authorization: Bearer canary-5-abcdefgh",
        key="sk-canary6abcdefgh",
        error=ValueError("postgresql://u:canary-7@host/db"),
    )
    try:
        raise RuntimeError("cannot open rtsp://u:canary-8@192.0.2.1/")
    except RuntimeError:
        log.exception("failed")
    wait_until(lambda: redis.xlen(LOGS) == 2)
    newest, older = _logs(api, "?component=brain")
    assert (older["level"], older["service"], older["camera"]) == ("WARNING", "brain", "cam_001")
    assert (newest["level"], newest["message"]) == ("ERROR", "Failed")
    assert "RuntimeError" in newest["exception"]
    assert "canary" not in json.dumps([newest, older])


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("DEBUG", ["critical", "error", "warning", "info", "debug"]),
        ("INFO", ["critical", "error", "warning", "info"]),
        ("WARNING", ["critical", "error", "warning"]),
        ("ERROR", ["critical", "error"]),
        ("error", ["critical", "error"]),
    ],
)
def test_a_level_means_that_one_and_above(api: Api, redis: Redis, level: str, shown: list[str]) -> None:
    for each in ("debug", "info", "warning", "error", "critical"):
        _add(redis, level=each)
    assert [record["level"].lower() for record in _logs(api, f"?level={level}")] == shown


@pytest.mark.parametrize(
    ("component", "shown"),
    [
        ("eye", ["eye", "eye.yolo", "eye.yolo.onnx"]),
        ("eye.yolo", ["eye.yolo", "eye.yolo.onnx"]),
        ("eye.", ["eye.yolo", "eye.yolo.onnx"]),
        ("eye.yo", []),
        ("ey", []),
        ("%25", []),
    ],
)
def test_a_component_means_those_below_it(api: Api, redis: Redis, component: str, shown: list[str]) -> None:
    for each in ("eye.yolo.onnx", "eyeball", "eye.yolo", "brain.eye", "eye"):
        _add(redis, component=each)
    assert [record["component"] for record in _logs(api, f"?component={component}")] == shown


def test_records_of_one_service_can_be_asked_for(api: Api, redis: Redis) -> None:
    _add(redis, service="brain", component="loops")
    _add(redis, service="eye", component="loops")
    assert [record["service"] for record in _logs(api, "?service=brain")] == ["brain"]


def test_the_newest_come_first_as_many_as_asked(api: Api, redis: Redis) -> None:
    for number in range(1200):
        _add(redis, number=number, level="error" if number == 3 else "info")
    assert [record["number"] for record in _logs(api, "?limit=3")] == [1199, 1198, 1197]
    assert len(_logs(api)) == 100
    assert [record["number"] for record in _logs(api, "?limit=1000")] == list(range(1199, 199, -1))
    assert [record["number"] for record in _logs(api, "?level=ERROR&limit=5")] == [3]  # far down the stream


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"null",
        b"[1]",
        b'"text"',
        b"{}",
        b'{"timestamp": "yesterday", "event": "x"}',
        b'{"timestamp": 5, "event": "x"}',
        b'{"timestamp": "0001-01-01T00:00:00+14:00", "event": "x"}',
        b'{"timestamp": "2025-01-15T10:35:12Z"}',
        b'{"timestamp": "2025-01-15T10:35:12Z", "event": "x", "level": "loud"}',
        b"[" * 100_000,
    ],
)
def test_a_record_that_cannot_be_read_is_left_out(api: Api, redis: Redis, raw: bytes) -> None:
    _add(redis, number=1)
    redis.xadd(LOGS, {"record": raw})
    redis.xadd(LOGS, {"other": "field"})
    _add(redis, number=2)
    assert record_of(raw) is None
    assert [record["number"] for record in _logs(api)] == [2, 1]


def test_a_record_of_odd_values_is_shown(api: Api, redis: Redis) -> None:
    raw = b'{"timestamp": "2025-01-15T10:35:12", "event": 5, "component": null, "x": NaN, "y": "\\ud800"}'
    redis.xadd(LOGS, {"record": raw})
    (record,) = _logs(api)
    assert (record["timestamp"], record["component"]) == ("2025-01-15T10:35:12Z", "unknown")


def test_a_records_own_fields_never_replace_those_of_the_contract(api: Api, redis: Redis) -> None:
    redis.xadd(LOGS, {"record": json.dumps({"timestamp": AT, "level": "info", "event": "x", "message": {"a": 1}})})
    assert isinstance(_logs(api)[0]["message"], str)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("level=LOUD", "level"),
        ("level=", "level"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("component=", "component"),
        ("component=" + "x" * 129, "component"),
        ("component=a%00b", "component"),
        ("service=", "service"),
    ],
)
def test_a_bad_question_is_refused_by_its_field(api: Api, query: str, field: str) -> None:
    answer = api.get(f"/system/logs?{query}", who="boss")
    assert answer.status_code == 400
    assert answer.json is not None
    assert f"Field '{field}'" in answer.json["message"]


def test_logs_are_for_administrators_alone(api: Api) -> None:
    assert api.get("/system/logs", who=None).status_code == 401
    assert api.get("/system/logs", who="eve").status_code == 403
    assert api.get("/system/logs", who="alice").status_code == 403


def test_without_redis_there_are_no_logs_to_show(tmp_path: Path, template: Template) -> None:
    url = template.copy_to(tmp_path / "data" / "argus.db")
    api = open_api(
        Settings(data_dir=tmp_path / "data", redis_url="redis://127.0.0.1:1/0", database_url=url), template.keys
    )
    answer = api.get("/system/logs", who="boss")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    api.opened.close()
