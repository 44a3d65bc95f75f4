"""Log lines: their form, what never stands in them, and that Redis cannot slow them down."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.messages.topics import LIVENESS, LOGS
from shared.observability import Liveness, configure_logging, get_logger
from shared.observability.log_sink import RedisSink
from shared.settings.sections import LogSettings
from shared.streams import connect
from tests.conftest import wait_until

Lines = Callable[[], list[dict[str, Any]]]

log = get_logger("eye.pipeline")
NOWHERE = Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("argus").setLevel(logging.NOTSET)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines() -> Lines:
    """Configures JSON logs at INFO for the service `eye`, and reads the lines back."""
    out = io.StringIO()
    configure_logging(LogSettings(), service="eye", stream=out)
    return lambda: [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_component_event_service_and_values(lines: Lines) -> None:
    log.info("frame_done", camera="cam_001", took_ms=12.5, path=Path("/x"))
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "component": "eye.pipeline",
        "event": "frame_done",
        "service": "eye",
        "camera": "cam_001",
        "took_ms": 12.5,
        "path": line["path"],
    }


def test_lines_below_the_level_are_left_out(lines: Lines) -> None:
    log.debug("quiet")
    log.info("loud")
    assert [line["event"] for line in lines()] == ["loud"]


def test_lines_of_other_threads_name_the_service_too(lines: Lines) -> None:
    thread = threading.Thread(target=lambda: log.info("from_a_thread"))
    thread.start()
    thread.join()
    assert lines()[0]["service"] == "eye"


def test_lines_of_shared_code_and_of_a_main_module_are_not_lost(lines: Lines) -> None:
    for module in ("shared.streams.reader", "__main__", "services.eye.pipeline"):
        exec("log.info('said')", {"__name__": module, "log": log})  # noqa: S102 – speaks as the module
    assert len(lines()) == 3


def test_values_bound_to_the_context_stand_in_every_line(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(trace_id="5f1c"):
        log.info("inside")
    log.info("outside")
    assert [line.get("trace_id") for line in lines()] == ["5f1c", None]


def test_an_exception_is_one_line_with_its_traceback(lines: Lines) -> None:
    try:
        raise ValueError("bad rtsp://u:hunter2@h/1")
    except ValueError:
        log.exception("crashed")
    (line,) = lines()
    assert line["level"] == "error"
    assert "ValueError: bad rtsp://***@h/1" in line["exception"]


def test_warnings_of_libraries_have_the_same_form_and_their_chatter_is_left_out(lines: Lines) -> None:
    logging.getLogger("kombu.connection").info("chatter")
    logging.getLogger("kombu.connection").warning("lost %s", "redis://:hunter2@h:1")
    (line,) = lines()
    assert {name: line[name] for name in ("component", "event", "level", "service")} == {
        "component": "kombu.connection",
        "event": "lost redis://***@h:1",
        "level": "warning",
        "service": "eye",
    }


def test_credentials_in_addresses_are_masked_wherever_they_stand(lines: Lines) -> None:
    url = "rtsp://admin:hunter2@10.0.0.5/ch1"
    log.info("opened", url=url, nested={"a": [url, (url,)]}, error=OSError(f"cannot open {url}"))
    text = json.dumps(lines())
    assert "hunter2" not in text
    assert text.count("rtsp://***@10.0.0.5/ch1") == 4


def test_the_console_form_is_for_people() -> None:
    out = io.StringIO()
    configure_logging(LogSettings(format="console"), service="eye", stream=out)
    log.info("frame_done", camera="cam_001")
    assert "frame_done" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_records_reach_the_stream_in_redis_and_it_stays_bounded(redis: Redis, redis_url: str) -> None:
    out = io.StringIO()
    configure_logging(LogSettings(), service="eye", redis=connect(redis_url), stream=out)
    log.info("first", url="rtsp://u:hunter2@h", odd=object(), camera="cam_001")
    logging.getLogger("kombu").warning("second")
    entries = wait_until(lambda: (found := redis.xrange(LOGS)) and len(found) == 2 and found, 30, "both records")
    first, second = (json.loads(fields[b"record"]) for _, fields in entries)  # type: ignore[misc, union-attr]
    assert (first["event"], first["component"], first["service"]) == ("first", "eye.pipeline", "eye")
    assert first["url"] == "rtsp://***@h"
    assert (second["event"], second["component"]) == ("second", "kombu")
    for _ in range(5_300):
        redis.xadd(LOGS, {"record": "{}"})
    log.info("last")
    wait_until(lambda: redis.xlen(LOGS) <= 5_100, 30, "the bound")


def test_a_lost_redis_neither_slows_nor_breaks_the_service() -> None:
    out = io.StringIO()
    configure_logging(LogSettings(), service="eye", redis=NOWHERE, stream=out)
    started = time.monotonic()
    for number in range(3_000):
        log.info("line", number=number)
    assert len(out.getvalue().splitlines()) == 3_000
    assert time.monotonic() - started < 10


def test_the_sink_goes_on_after_a_record_it_cannot_render(redis: Redis) -> None:
    sink = RedisSink(redis)
    circle: dict[str, Any] = {}
    circle["self"] = circle
    sink(None, "info", circle)
    wait_until(sink._queue.empty, 30, "the first record to be taken")
    record = {"event": "fine", "_record": object()}
    assert sink(None, "info", record) is record
    entry = wait_until(lambda: redis.xrange(LOGS), 30, "the record")
    assert json.loads(entry[0][1][b"record"]) == {"event": "fine"}  # type: ignore[index]


def test_the_sink_keeps_a_bounded_number_of_records_while_redis_is_gone() -> None:
    sink = RedisSink(NOWHERE)
    for number in range(20_000):
        sink(None, "info", {"event": number})
    assert sink._queue.qsize() <= 1_000


def test_the_sink_works_on_in_a_forked_process(redis: Redis, redis_url: str) -> None:
    sink = RedisSink(connect(redis_url))
    sink(None, "info", {"event": "parent"})
    wait_until(lambda: redis.xlen(LOGS) == 1, 30, "the parent's record")
    child = os.fork()
    if child == 0:
        try:
            sink(None, "info", {"event": "child"})
            time.sleep(2)
        finally:
            os._exit(0)
    try:
        wait_until(lambda: redis.xlen(LOGS) == 2, 30, "the child's record")
    finally:
        os.waitpid(child, 0)


def test_liveness_can_be_read_and_expires(redis: Redis) -> None:
    now = [0.0]
    live = Liveness(redis, service="eye", instance="eye-0", monotonic=lambda: now[0])
    live.beat(detector="hog", fps=2.5, busy=True, gone=None)
    key = LIVENESS.format(service="eye", instance="eye-0")
    fields = redis.hgetall(key)
    assert fields[b"detector"] == b"hog"  # type: ignore[index]
    assert fields[b"busy"] == b"1"  # type: ignore[index]
    assert int(fields[b"pid"]) == os.getpid()  # type: ignore[index]
    assert 0 < int(redis.ttl(key)) <= 10  # type: ignore[arg-type]
    redis.delete(key)
    now[0] = 0.9
    live.beat()
    assert not redis.exists(key), "at most one write a second"
    now[0] = 1.0
    live.beat()
    assert redis.exists(key)
    live.end()
    assert not redis.exists(key)


def test_liveness_without_redis_is_silent() -> None:
    live = Liveness(NOWHERE, service="eye", instance="eye-0")
    live.beat()
    live.end()
