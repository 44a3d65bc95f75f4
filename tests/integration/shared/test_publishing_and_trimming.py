"""How long streams may grow, and that trimming never takes what somebody still needs."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.messages.commands import SyncCamera
from shared.messages.frames import FrameCaptured
from shared.messages.presences import PresenceStarted
from shared.messages.topics import COMMANDS, EVENTS, FRAMES, PRESENCES
from shared.streams import CommandTail, Publisher, connect
from shared.streams.trimming import trim_acknowledged
from tests.conftest import wait_until
from tests.integration.shared.publishing import numbered, presence_reader, publish_presences

STREAM = PRESENCES.stream(0)


def test_a_droppable_stream_keeps_to_its_bound(redis: Redis) -> None:
    publisher = Publisher(redis)
    frame = FrameCaptured.example().model_copy(update={"jpeg": b"\xff" * 20_000})
    for seq in range(400):
        publisher.publish(FRAMES, frame.model_copy(update={"seq": seq}), shard=2)
    length = redis.xlen("frames:2")
    assert FRAMES.bound <= length <= FRAMES.bound + 2
    ((_, newest),) = redis.xrevrange("frames:2", count=1)
    assert b'"seq":399' in newest[b"body"]


def test_orders_keep_to_their_bound_too(redis: Redis) -> None:
    publisher = Publisher(redis)
    for _ in range(COMMANDS.bound + 500):
        publisher.publish(COMMANDS, SyncCamera(camera="cam_001"))
    # Small entries are trimmed by whole nodes of a hundred.
    assert redis.xlen("commands") <= COMMANDS.bound + 100


def test_decided_work_is_never_dropped_by_writing(redis: Redis) -> None:
    publish_presences(redis, numbered(300))
    assert redis.xlen(STREAM) == 300


def test_a_message_can_be_published_within_a_transaction_of_the_caller(redis: Redis) -> None:
    pipe = redis.pipeline(transaction=True)
    Publisher(redis).add(pipe, PRESENCES, PresenceStarted.example(), shard=0)
    assert redis.xlen(STREAM) == 0
    pipe.execute()
    assert redis.xlen(STREAM) == 1


def test_a_message_of_another_topic_is_refused(redis: Redis) -> None:
    with pytest.raises(TypeError, match="PresenceStarted does not travel on topic events"):
        Publisher(redis).publish(EVENTS, PresenceStarted.example())
    assert redis.keys() == []


def test_a_long_backlog_is_warned_of(redis: Redis) -> None:
    from dataclasses import replace

    small = replace(EVENTS, bound=50)
    publisher = Publisher(redis)
    from shared.messages.events import EventRaised

    with structlog.testing.capture_logs() as logs:
        for _ in range(200):
            publisher.publish(small, EventRaised.example())
    assert [log["event"] for log in logs] == ["stream_backlog"]
    assert logs[0]["length"] == 200


def test_a_reader_trims_what_its_group_has_done_with(redis: Redis) -> None:
    from dataclasses import replace

    from shared.streams import GroupReader

    topic = replace(PRESENCES, bound=100)
    now = [0.0]
    reader = GroupReader(
        redis, topic, group="brain", member="a", shards=lambda: frozenset({0}), monotonic=lambda: now[0]
    )
    publish_presences(redis, numbered(60))
    reader.ack(reader.poll(count=60, block_ms=1))
    now[0] += 11
    reader.poll(block_ms=1)
    # The newest tenth of the bound stays for people to look at.
    assert 10 <= redis.xlen(STREAM) <= 11


def test_a_group_that_has_not_read_yet_keeps_everything(redis: Redis) -> None:
    publish_presences(redis, numbered(50))
    reader = presence_reader(redis)
    reader.ack(reader.poll(count=50, block_ms=1))
    assert trim_acknowledged(redis, STREAM, groups=["brain", "unborn"], keep=0) == 0
    assert redis.xlen(STREAM) == 50


def test_trimming_a_stream_that_is_gone_is_harmless(redis: Redis) -> None:
    assert trim_acknowledged(redis, "presences:7", groups=["brain"], keep=0) == 0


class Trimming(RuleBasedStateMachine):
    """Two groups read and acknowledge as they like while the stream is written and trimmed."""

    redis: Redis

    @initialize()
    def clear(self) -> None:
        self.redis.flushall()
        self.needed: dict[str, set[bytes]] = {"g1": set(), "g2": set()}
        self.in_hand: dict[str, list[bytes]] = {"g1": [], "g2": []}
        for group in self.needed:
            self.redis.xgroup_create("s", group, id="0", mkstream=True)

    @rule(count=st.integers(1, 12))
    def write(self, count: int) -> None:
        for _ in range(count):
            entry_id: Any = self.redis.xadd("s", {"x": "1"})
            for needed in self.needed.values():
                needed.add(entry_id)

    @rule(group=st.sampled_from(["g1", "g2"]), count=st.integers(1, 8))
    def read(self, group: str, count: int) -> None:
        reply: Any = self.redis.xreadgroup(group, "m", {"s": ">"}, count=count)
        for _, entries in reply or []:
            self.in_hand[group] += [entry_id for entry_id, _ in entries]

    @rule(group=st.sampled_from(["g1", "g2"]), data=st.data())
    def acknowledge(self, group: str, data: st.DataObject) -> None:
        if self.in_hand[group]:
            entry_id = data.draw(st.sampled_from(self.in_hand[group]))
            self.in_hand[group].remove(entry_id)
            self.redis.xack("s", group, entry_id)
            self.needed[group].discard(entry_id)

    @rule(group=st.sampled_from(["g1", "g2"]))
    def acknowledge_all(self, group: str) -> None:
        for entry_id in self.in_hand[group]:
            self.redis.xack("s", group, entry_id)
            self.needed[group].discard(entry_id)
        self.in_hand[group] = []

    @rule(keep=st.integers(0, 5), step=st.integers(1, 10))
    def trim(self, keep: int, step: int) -> None:
        before = int(self.redis.xlen("s"))
        gone = trim_acknowledged(self.redis, "s", groups=list(self.needed), keep=keep, step=step)
        assert gone <= step
        assert self.redis.xlen("s") == before - gone >= min(before, keep)

    @invariant()
    def nothing_needed_is_gone(self) -> None:
        if hasattr(self, "needed"):
            entries: Any = self.redis.xrange("s")
            assert set().union(*self.needed.values()) <= {entry_id for entry_id, _ in entries}


def test_trimming_never_removes_what_a_group_has_not_acknowledged(redis: Redis) -> None:
    Trimming.redis = redis
    run_state_machine_as_test(Trimming, settings=settings(max_examples=25, stateful_step_count=30))


def test_orders_are_followed_from_the_moment_the_tail_is_made(redis: Redis, redis_url: str) -> None:
    publisher = Publisher(redis)
    publisher.publish(COMMANDS, SyncCamera(camera="before"))
    tail = CommandTail(connect(redis_url))
    publisher.publish(COMMANDS, SyncCamera(camera="between"))
    assert tail.poll(block_ms=10) == [SyncCamera(camera="between")]
    assert tail.poll(block_ms=10) == []
    publisher.publish(COMMANDS, SyncCamera(camera="after"))
    assert tail.poll(block_ms=10) == [SyncCamera(camera="after")]


def test_every_tail_reads_every_order_in_order(redis: Redis) -> None:
    tails = [CommandTail(redis), CommandTail(redis)]
    publisher = Publisher(redis)
    orders = [SyncCamera(camera=name) for name in numbered(20, "cam_")]
    for order in orders:
        publisher.publish(COMMANDS, order)
    assert [tail.poll(block_ms=10) for tail in tails] == [orders, orders]


def test_an_order_that_cannot_be_read_does_not_stop_the_others(redis: Redis) -> None:
    tail = CommandTail(redis)
    redis.xadd("commands", {"type": "Nonsense"})
    Publisher(redis).publish(COMMANDS, SyncCamera(camera="cam_001"))
    assert tail.poll(block_ms=10) == [SyncCamera(camera="cam_001")]


def milliseconds(redis: Redis) -> int:
    seconds, microseconds = redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def test_a_tail_survives_that_redis_loses_its_data(redis: Redis) -> None:
    tail = CommandTail(redis)
    Publisher(redis).publish(COMMANDS, SyncCamera(camera="before"))
    assert tail.poll(block_ms=10)
    redis.flushall()
    # Redis numbers entries by its clock: within the same millisecond it would give the same number again.
    emptied = milliseconds(redis)
    wait_until(lambda: milliseconds(redis) > emptied, what="the next millisecond")
    Publisher(redis).publish(COMMANDS, SyncCamera(camera="after"))
    assert tail.poll(block_ms=10) == [SyncCamera(camera="after")]


def test_a_tail_without_redis_waits_and_gives_nothing() -> None:
    tail = CommandTail(Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0)))
    assert tail.poll(block_ms=10) == []
