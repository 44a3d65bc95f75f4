"""How long messages have waited for those who read them."""

from __future__ import annotations

import time

from redis import Redis

from shared.messages.presences import PresenceStarted
from shared.messages.topics import PRESENCES
from shared.streams import GroupReader, Publisher, waiting_s

STREAM = PRESENCES.stream(3)


def reader(redis: Redis) -> GroupReader:
    return GroupReader(redis, PRESENCES, group="brain", member="m", shards=lambda: frozenset({3}))


def waits(redis: Redis) -> float:
    return waiting_s(redis, STREAM, group="brain")


def publish(redis: Redis, *, ago_s: float = 0.0) -> None:
    """A message, written then."""
    if not ago_s:
        Publisher(redis).publish(PRESENCES, PresenceStarted.example(), shard=3)
        return
    redis.xadd(STREAM, {"kind": "old"}, id=f"{round((time.time() - ago_s) * 1000)}-1")


def test_nothing_waits_where_nothing_was_written_or_all_is_done(redis: Redis) -> None:
    assert waits(redis) == 0
    one = reader(redis)
    assert one.poll(block_ms=0) == []
    assert waits(redis) == 0
    publish(redis)
    one.ack(one.poll(block_ms=0))
    assert waits(redis) == 0


def test_what_nobody_has_read_waits_since_it_was_written(redis: Redis) -> None:
    publish(redis, ago_s=60)
    assert 59 < waits(redis) < 90  # no group has ever read
    redis.xgroup_create(STREAM, "brain", id="0")
    assert 59 < waits(redis) < 90


def test_what_was_read_waits_until_it_is_acknowledged_the_oldest_first(redis: Redis) -> None:
    redis.xgroup_create(STREAM, "brain", id="0", mkstream=True)
    for ago_s in (600, 60):
        publish(redis, ago_s=ago_s)
    first, second = (redis.xreadgroup("brain", "m", {STREAM: ">"}, count=1) for _ in range(2))
    assert 599 < waits(redis) < 630
    redis.xack(STREAM, "brain", first[0][1][0][0])  # type: ignore[index, call-overload]
    assert 59 < waits(redis) < 90
    redis.xack(STREAM, "brain", second[0][1][0][0])  # type: ignore[index, call-overload]
    assert waits(redis) == 0
