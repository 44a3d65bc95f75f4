"""What a reader of a stream is promised: at least once, in order, whoever dies in between."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from redis import Redis

from shared.domain.errors import Permanent
from shared.messages.message import encode
from shared.messages.presences import PresenceStarted
from shared.messages.topics import EVENTS, FRAMES, PRESENCES
from shared.streams import GroupReader, connect
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


def test_messages_come_in_the_order_in_which_they_were_published(redis: Redis) -> None:
    publish_presences(redis, numbered(50))
    reader = presence_reader(redis)
    received = []
    while batch := reader.poll(count=7, block_ms=10):
        received += batch
        reader.ack(batch)
    assert names_of(received) == numbered(50)
    assert redis.xpending(STREAM, "brain")["pending"] == 0


@pytest.mark.parametrize("successor", ["a", "b"])
def test_what_a_dead_member_left_comes_first_and_in_order_to_its_successor(redis: Redis, successor: str) -> None:
    publish_presences(redis, numbered(40))
    dead = presence_reader(redis, "a")
    dead.ack(dead.poll(count=5, block_ms=10))
    assert names_of(dead.poll(count=20, block_ms=10)) == numbered(40)[5:25]

    reader = presence_reader(redis, successor)
    received = []
    while batch := reader.poll(count=6, block_ms=10):
        assert len(batch) <= 6
        received += batch
        reader.ack(batch)
    assert names_of(received) == numbered(40)[5:]


def test_two_dead_members_leave_one_ordered_backlog(redis: Redis) -> None:
    publish_presences(redis, numbered(9))
    first, second = presence_reader(redis, "a"), presence_reader(redis, "b")
    first.poll(count=3, block_ms=10)
    second.reread()
    redis.xreadgroup("brain", "c", {STREAM: ">"}, count=3)
    reader = presence_reader(redis, "d")
    received = [item for _ in range(4) for item in reader.poll(count=4, block_ms=10)]
    assert names_of(received) == numbered(9)


def test_a_gained_shard_is_read_from_what_its_former_owner_left_and_the_others_go_on(redis: Redis) -> None:
    publish_presences(redis, numbered(4, "x"), shard=1)
    presence_reader(redis, "dead", shards=[1]).poll(count=2, block_ms=10)
    owned = {0}
    reader = GroupReader(redis, PRESENCES, group="brain", member="b", shards=lambda: frozenset(owned))
    publish_presences(redis, ["a1"], shard=0)
    reader.ack(reader.poll(block_ms=10))
    owned.add(1)
    publish_presences(redis, ["a2"], shard=0)
    first, second = reader.poll(block_ms=10), reader.poll(block_ms=10)
    assert names_of(first) == ["a2", "x0000", "x0001"]
    assert names_of(second) == ["x0002", "x0003"]


def test_a_lost_shard_is_not_read_any_more(redis: Redis) -> None:
    owned = {0, 1}
    reader = GroupReader(redis, PRESENCES, group="brain", member="b", shards=lambda: frozenset(owned))
    publish_presences(redis, ["a"], shard=0)
    publish_presences(redis, ["b"], shard=1)
    received = reader.poll(block_ms=10)
    owned.remove(1)
    assert names_of(reader.keep_owned(received)) == ["a"]
    publish_presences(redis, ["c"], shard=1)
    assert reader.poll(block_ms=10) == []


def test_a_shard_that_comes_back_brings_the_messages_that_were_let_go(redis: Redis) -> None:
    owned = {0}
    reader = GroupReader(redis, PRESENCES, group="brain", member="b", shards=lambda: frozenset(owned))
    publish_presences(redis, ["a", "b"])
    in_hand = reader.poll(block_ms=10)
    owned.clear()
    assert reader.keep_owned(in_hand) == []
    owned.add(0)
    assert names_of(reader.poll(block_ms=10)) == ["a", "b"]


def test_reread_delivers_again_what_was_not_acknowledged(redis: Redis) -> None:
    publish_presences(redis, numbered(3))
    reader = presence_reader(redis)
    reader.ack(reader.poll(count=1, block_ms=10))
    reader.poll(count=1, block_ms=10)
    reader.reread()
    assert names_of(reader.poll(block_ms=10)) == ["p0001"]
    assert names_of(reader.poll(block_ms=10)) == ["p0002"]


def test_a_shared_stream_is_handed_out_once_among_members(redis: Redis) -> None:
    publish_events(redis, numbered(10))
    a, b = event_reader(redis, "a"), event_reader(redis, "b")
    first, second = a.poll(count=4, block_ms=10), b.poll(count=10, block_ms=10)
    assert names_of(first + second) == numbered(10)


def test_a_member_of_a_shared_stream_that_comes_back_gets_its_own_messages_at_once(redis: Redis) -> None:
    publish_events(redis, numbered(3))
    event_reader(redis, "a").poll(block_ms=10)
    assert names_of(event_reader(redis, "a").poll(block_ms=10)) == numbered(3)


def test_messages_of_a_dead_member_of_a_shared_stream_are_taken_over_once_they_lay_long_enough(redis: Redis) -> None:
    publish_events(redis, numbered(3))
    event_reader(redis, "dead").poll(block_ms=10)
    now = [0.0]
    reader = event_reader(redis, "b", monotonic=lambda: now[0])
    assert reader.poll(block_ms=10) == []
    _age_pending(redis, EVENTS.stream(), "alerts", idle_ms=31_000)
    assert reader.poll(block_ms=10) == [], "the next sweep is not due yet"
    now[0] += 5.0
    assert names_of(reader.poll(block_ms=10)) == numbered(3)


def test_orphans_of_an_owned_shard_are_found_without_a_change_of_owners(redis: Redis) -> None:
    now = [0.0]
    reader = presence_reader(redis, monotonic=lambda: now[0])
    reader.poll(block_ms=10)
    publish_presences(redis, ["lost"])
    redis.xreadgroup("brain", "somebody", {STREAM: ">"})
    _age_pending(redis, STREAM, "brain", idle_ms=31_000)
    now[0] += 30.0
    assert names_of(reader.poll(block_ms=10)) == ["lost"]


def _age_pending(redis: Redis, stream: str, group: str, *, idle_ms: int) -> None:
    for entry in redis.xpending_range(stream, group, min="-", max="+", count=100):
        redis.xclaim(stream, group, entry["consumer"], 0, [entry["message_id"]], idle=idle_ms, justid=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "Nonsense", "version": "1", "body": "{}"},
        {"type": "PresenceStarted", "version": "99", "body": "{}"},
        {"type": "PresenceStarted", "version": "1", "body": "{}"},
        {"x": b"\xff\xfe"},
    ],
)
def test_an_entry_that_cannot_be_read_goes_to_the_dead_letters_and_the_rest_is_delivered(
    redis: Redis, fields: dict[str, Any]
) -> None:
    publish_presences(redis, ["before"])
    entry_id = redis.xadd(STREAM, fields)
    publish_presences(redis, ["after"])
    reader = presence_reader(redis)
    received = reader.poll(block_ms=10)
    reader.ack(received)
    assert names_of(received) == ["before", "after"]
    ((_, dead),) = redis.xrange(f"{STREAM}.dead")
    assert dead[b"reason"]
    assert dead[b"entry_id"] == entry_id
    assert dead[b"group"] == b"brain"
    assert redis.xpending(STREAM, "brain")["pending"] == 0


def test_a_message_of_another_topic_goes_to_the_dead_letters(redis: Redis) -> None:
    redis.xadd(EVENTS.stream(), encode(PresenceStarted.example()))
    assert event_reader(redis).poll(block_ms=10) == []
    ((_, dead),) = redis.xrange(f"{EVENTS.stream()}.dead")
    assert b"does not travel on topic events" in dead[b"reason"]


def test_a_flood_of_unreadable_entries_stops_the_reader(redis: Redis) -> None:
    for number in range(120):
        redis.xadd(STREAM, {"n": number})
    reader = presence_reader(redis)
    with pytest.raises(Permanent, match=r"100 messages of presences .* presences:0\.dead"):
        reader.poll(count=200, block_ms=10)


def test_unreadable_entries_now_and_then_are_no_flood(redis: Redis) -> None:
    now = [0.0]
    reader = presence_reader(redis, monotonic=lambda: now[0])
    for number in range(150):
        redis.xadd(STREAM, {"n": number})
        now[0] += 1.0
        assert reader.poll(block_ms=1) == []
    assert redis.xlen(f"{STREAM}.dead") == 150


def test_entries_that_were_trimmed_before_their_acknowledgement_are_forgotten(redis: Redis) -> None:
    publish_presences(redis, numbered(200))
    presence_reader(redis, "dead").poll(count=200, block_ms=10)
    redis.xtrim(STREAM, maxlen=1, approximate=False)
    reader = presence_reader(redis, "b")
    received = reader.poll(count=500, block_ms=10)
    assert names_of(received) == ["p0199"]
    reader.ack(received)
    assert redis.xpending(STREAM, "brain")["pending"] == 0
    assert redis.xlen(f"{STREAM}.dead") == 0


def test_groups_are_made_anew_when_redis_lost_its_data(redis: Redis, redis_url: str) -> None:
    reader = presence_reader(connect(redis_url))
    publish_presences(redis, ["before"])
    reader.ack(reader.poll(block_ms=10))
    redis.flushall()
    publish_presences(redis, ["after"])
    received = [item for _ in range(2) for item in reader.poll(block_ms=10)]
    assert names_of(received) == ["after"]


def test_redis_may_lose_its_data_during_a_blocking_read(redis: Redis, redis_url: str) -> None:
    reader = presence_reader(connect(redis_url))
    reader.poll(block_ms=1)
    timer = threading.Timer(0.1, redis.flushall)
    timer.start()
    assert reader.poll(block_ms=400) == []
    timer.join()
    publish_presences(redis, ["after"])
    received = [item for _ in range(3) for item in reader.poll(block_ms=50)]
    assert names_of(received) == ["after"]


def test_a_waiting_reader_wakes_at_once(redis: Redis, redis_url: str) -> None:
    reader = presence_reader(connect(redis_url, socket_timeout_s=30), shards=range(16))
    reader.poll(block_ms=1)
    published: list[float] = []

    def publish() -> None:
        published.append(time.monotonic())
        publish_presences(redis, ["now"], shard=9)

    timer = threading.Timer(0.1, publish)
    timer.start()
    received = reader.poll(block_ms=20_000)
    waited = time.monotonic() - published[0]
    timer.join()
    assert names_of(received) == ["now"]
    assert waited < 5.0, "the read ended by a message, not by its time"


def test_a_poll_without_waiting_returns_at_once(redis: Redis) -> None:
    reader = presence_reader(redis)
    started = time.monotonic()
    assert reader.poll(block_ms=0) == []
    assert time.monotonic() - started < 10


def test_a_reader_without_shards_neither_asks_redis_nor_spins() -> None:
    reader = presence_reader(Redis(port=1), shards=[])  # whoever asks anything there fails
    started = time.monotonic()
    for _ in range(3):
        assert reader.poll(block_ms=1000) == []
    assert time.monotonic() - started >= 0.25


def test_a_lost_reply_loses_no_message(redis: Redis, redis_url: str) -> None:
    """The server hands messages out, and the connection breaks before they arrive."""
    reader = presence_reader(connect(redis_url))
    reader.poll(block_ms=1)
    publish_presences(redis, numbered(3))
    # As the server sees it when the reply is lost: delivered to this member, never acknowledged.
    redis.xreadgroup("brain", "a", {STREAM: ">"})
    publish_presences(redis, ["later"])
    received = reader.poll(block_ms=10)
    reader.ack(received)
    killer = threading.Thread(target=_kill_who_waits, args=(redis,))
    killer.start()
    try:
        with pytest.raises(ConnectionError):
            _poll_until_error(reader)
    finally:
        killer.join()
    received += reader.poll(block_ms=100)
    assert names_of(received) == ["later", *numbered(3)]


def _kill_who_waits(redis: Redis) -> None:
    wait_until(lambda: any("b" in client["flags"] for client in redis.client_list()), what="a blocking read")
    redis.client_kill_filter(_type="normal", skipme=True)


def _poll_until_error(reader: GroupReader) -> None:
    from redis.exceptions import ConnectionError as RedisConnectionError

    try:
        for _ in range(20):
            reader.poll(block_ms=500)
    except RedisConnectionError as error:
        raise ConnectionError(str(error)) from None


def test_shards_must_be_given_exactly_for_sharded_topics(redis: Redis) -> None:
    with pytest.raises(ValueError, match="shards"):
        GroupReader(redis, PRESENCES, group="brain", member="a")
    with pytest.raises(ValueError, match="shards"):
        GroupReader(redis, EVENTS, group="alerts", member="a", shards=frozenset)
    assert FRAMES.stream(3) == "frames:3"
