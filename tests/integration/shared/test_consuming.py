"""The loop of every consumer: what it does with failures of every kind."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import DataError, OutOfMemoryError, ResponseError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from shared.domain.errors import InvalidMessage, Permanent, Transient
from shared.messages.topics import PRESENCES
from shared.streams import GroupReader, Received, connect, consume
from tests.conftest import wait_until
from tests.integration.shared.publishing import (
    event_reader,
    names_of,
    numbered,
    presence_reader,
    publish_events,
    publish_presences,
)

STREAM = PRESENCES.stream(0)


class Work:
    """Records what is handled; fails as told, by message or by call."""

    def __init__(self, stop: threading.Event, *, until: int) -> None:
        self.done: list[str] = []
        self.calls: list[list[str]] = []
        self.bad: dict[str, Exception] = {}
        self.fail_calls: dict[int, Exception] = {}
        self._stop, self._until = stop, until

    def __call__(self, batch: list[Received]) -> None:
        names = names_of(batch)
        self.calls.append(names)
        error = self.fail_calls.get(len(self.calls)) or next((self.bad[n] for n in names if n in self.bad), None)
        if error is not None:
            raise error
        self.done += names
        if len(self.done) >= self._until:
            self._stop.set()


def run(reader: GroupReader, work: Work, stop: threading.Event, *, beat: Callable[[], None] = lambda: None) -> None:
    watchdog = threading.Timer(60, stop.set)
    watchdog.start()
    try:
        consume(reader, work, stop=stop, count=8, block_ms=50, beat=beat)
    finally:
        watchdog.cancel()


def dead_letters(redis: Redis, stream: str = STREAM) -> list[tuple[bytes, bytes]]:
    return [(fields[b"entry_id"], fields[b"reason"]) for _, fields in redis.xrange(f"{stream}.dead")]


def pending(redis: Redis) -> int:
    return int(redis.xpending(STREAM, "brain")["pending"])


def test_everything_is_handled_in_order_and_acknowledged(redis: Redis) -> None:
    publish_presences(redis, numbered(30))
    stop = threading.Event()
    work = Work(stop, until=30)
    run(presence_reader(redis), work, stop)
    assert work.done == numbered(30)
    assert pending(redis) == 0


@pytest.mark.parametrize(
    "error",
    [
        Transient("later"),
        Transient("later", retry_after_s=0.01),
        RedisConnectionError("gone"),
        ResponseError("OOM command not allowed when used memory > 'maxmemory'."),
        OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        ResponseError("MISCONF Redis is configured to save RDB snapshots"),
        OperationalError("SELECT 1", {}, Exception("database is locked")),
        InterfaceError("SELECT 1", {}, Exception("the connection is closed"), connection_invalidated=True),
        sqlalchemy.exc.TimeoutError("QueuePool limit"),
    ],
    ids=lambda error: f"{type(error).__name__} {error}"[:40],
)
def test_what_may_pass_is_waited_out_without_skipping_or_reordering(redis: Redis, error: Exception) -> None:
    publish_presences(redis, numbered(20))
    stop = threading.Event()
    work = Work(stop, until=20)
    work.fail_calls = {2: error, 3: error}
    run(presence_reader(redis), work, stop)
    assert work.done == numbered(20)
    assert work.calls[1] == work.calls[2] == work.calls[3], "the batch is not taken apart"
    assert dead_letters(redis) == []
    assert pending(redis) == 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Permanent("no such camera"), b"no such camera"),
        (InvalidMessage("odd"), b"odd"),
        (ZeroDivisionError("division by zero"), b"ZeroDivisionError: division by zero"),
        (DataError("Invalid input of type: 'NoneType'"), b"DataError: Invalid input"),
        (ResponseError("WRONGTYPE Operation against a key"), b"ResponseError: WRONGTYPE"),
        (ResponseError("value is not an integer or out of range"), b"ResponseError: value is not"),
        (ResponseError("ERR syntax error"), b"ResponseError: ERR syntax"),
        (IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed")), b"IntegrityError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_one_bad_message_is_put_aside_with_the_reason_and_the_rest_is_handled(
    redis: Redis, error: Exception, reason: bytes
) -> None:
    publish_presences(redis, numbered(20))
    stop = threading.Event()
    work = Work(stop, until=19)
    work.bad = {"p0005": error}
    run(presence_reader(redis), work, stop)
    assert work.done == [name for name in numbered(20) if name != "p0005"]
    ((_, told),) = dead_letters(redis)
    assert told.startswith(reason)
    assert pending(redis) == 0


def test_a_crash_is_tried_three_times_before_it_is_believed(redis: Redis) -> None:
    publish_presences(redis, ["a"])
    stop = threading.Event()
    work = Work(stop, until=1)
    work.fail_calls = {1: KeyError("x"), 2: KeyError("x")}
    run(presence_reader(redis), work, stop)
    assert work.done == ["a"]
    assert dead_letters(redis) == []


def test_a_flood_of_bad_messages_ends_the_consumer(redis: Redis) -> None:
    publish_presences(redis, numbered(120))
    stop = threading.Event()
    work = Work(stop, until=1)
    work.bad = dict.fromkeys(numbered(120), Permanent("bad"))
    with pytest.raises(Permanent, match="100 messages of presences"):
        run(presence_reader(redis), work, stop)
    assert len(dead_letters(redis)) == 100


def test_messages_in_hand_are_let_go_when_their_shard_passes_to_another_member(redis: Redis) -> None:
    publish_presences(redis, numbered(3))
    owned: set[int] = {0}
    reader = GroupReader(redis, PRESENCES, group="brain", member="a", shards=lambda: frozenset(owned))
    stop = threading.Event()
    calls: list[list[str]] = []

    def fail(batch: list[Received]) -> None:
        calls.append(names_of(batch))
        owned.clear()
        threading.Timer(0.6, stop.set).start()
        raise Transient("the database is away", retry_after_s=0.01)

    consume(reader, fail, stop=stop, block_ms=50)
    assert calls == [numbered(3)], "nothing of a shard of somebody else's was handled again"
    other = Work(threading.Event(), until=3)
    stop.clear()
    other._stop = stop
    run(presence_reader(redis, "b"), other, stop)
    assert other.done == numbered(3)


def test_a_long_wait_keeps_beating(redis: Redis) -> None:
    publish_presences(redis, ["a"])
    stop = threading.Event()
    work = Work(stop, until=1)
    work.fail_calls = {1: Transient("rate limited", retry_after_s=6)}
    beats: list[float] = []
    run(presence_reader(redis), work, stop, beat=lambda: beats.append(time.monotonic()))
    assert work.done == ["a"]
    assert max(later - earlier for earlier, later in itertools.pairwise(beats)) < 4.5


def test_stopping_does_not_wait_for_the_end_of_a_long_wait(redis: Redis) -> None:
    publish_presences(redis, ["a"])
    stop = threading.Event()
    work = Work(stop, until=1)
    work.fail_calls = {1: Transient("rate limited", retry_after_s=3600)}
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    run(presence_reader(redis), work, stop)
    assert time.monotonic() - started < 20
    assert pending(redis) == 1


def test_a_thousand_failures_in_a_row_are_survived() -> None:
    from shared.streams.consume import _wait

    stop = threading.Event()
    stop.set()
    for failures in (1, 100, 5000):
        _wait(stop, RedisConnectionError("gone"), failures=failures, beat=lambda: None)


@pytest.mark.parametrize("shared_stream", [False, True], ids=["sharded", "shared"])
def test_nothing_is_lost_when_redis_is_killed_and_comes_back(tmp_path: Path, *, shared_stream: bool) -> None:
    server = prepare_redis(tmp_path / "redis", random=Random())
    child = start_redis(server)
    stop = threading.Event()
    redis = connect(server.url)
    written: list[str] = []
    work = Work(stop, until=10**9)
    reader = event_reader(connect(server.url)) if shared_stream else presence_reader(connect(server.url), shards=[0, 1])
    consumer = threading.Thread(target=lambda: consume(reader, work, stop=stop, count=8, block_ms=200))
    consumer.start()
    try:
        write = _writer(redis, written, shared_stream=shared_stream)
        write(100)
        wait_until(lambda: len(work.done) >= 100, 30, "the first messages")
        wait_until(lambda: _is_written(redis), 30, "Redis to have written all to its file")
        child.kill()
        child.wait()
        time.sleep(0.3)
        child = start_redis(server)
        write(100)
        wait_until(lambda: set(work.done) >= set(written), 60, "every message")
    finally:
        stop.set()
        consumer.join(20)
        stop_redis(child)
    assert not consumer.is_alive()
    first_seen = list(dict.fromkeys(work.done))
    assert [name for name in first_seen if name in written] == written, "the order is kept"


def _is_written(redis: Redis) -> bool:
    """Whether the append-only file has everything: it survives the kill then."""
    info: Any = redis.info("persistence")
    return info["aof_buffer_length"] == 0 and info["aof_pending_bio_fsync"] == 0


def _writer(redis: Redis, written: list[str], *, shared_stream: bool) -> Callable[[int], None]:
    def write(count: int) -> None:
        names = [f"m{len(written) + number:05}" for number in range(count)]
        publish = publish_events if shared_stream else publish_presences
        publish(redis, names)
        written.extend(names)

    return write


def test_two_members_of_a_shared_stream_handle_everything_between_them(redis: Redis, redis_url: str) -> None:
    publish_events(redis, numbered(200))
    stop = threading.Event()
    done: Counter[str] = Counter()

    def handle(batch: list[Received]) -> None:
        done.update(names_of(batch))

    threads = [
        threading.Thread(
            target=lambda member=member: consume(
                event_reader(connect(redis_url), member), handle, stop=stop, count=5, block_ms=50
            )
        )
        for member in ("a", "b")
    ]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(done) == 200, 30, "all messages")
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)
    assert set(done.values()) == {1}
