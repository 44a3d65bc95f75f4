"""Shards: every one is somebody's, none is two members', whatever happens to members and to Redis."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from redis import Redis

from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from shared.ownership import ShardOwnership
from shared.streams import connect
from tests.conftest import wait_until
from tests.integration.shared.ownership_member import TIMES
from tests.processes import Processes

SHARDS = 16
ALL = frozenset(range(SHARDS))

Make = Callable[..., ShardOwnership]


@pytest.fixture
def member(redis_url: str) -> Iterator[Make]:
    """Makes members with short times, and stops them at the end."""
    made: list[ShardOwnership] = []

    def make(instance: str, **times: float) -> ShardOwnership:
        options = {**TIMES, **times}
        one = ShardOwnership(connect(redis_url), service="eye", instance=instance, shards=SHARDS, **options)
        one.start()
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()


class Watch:
    """Looks at all members as fast as it can and notes whenever two own the same shard."""

    def __init__(self, members: Sequence[ShardOwnership]) -> None:
        self.members = list(members)
        self.conflicts: list[str] = []
        self.looks = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        assert self.looks > 10
        assert self.conflicts == []

    def _run(self) -> None:
        while not self._stop.wait(0.002):
            self.looks += 1
            for a, b in itertools.combinations(self.members, 2):
                # Read again: between two looks at different members a shard may rightly have passed on.
                both = a.owned & b.owned & a.owned
                if both:
                    self.conflicts.append(f"{sorted(both)}")


def shares(members: Sequence[ShardOwnership]) -> list[frozenset[int]]:
    return [one.owned for one in members]


def complete(members: Sequence[ShardOwnership]) -> bool:
    """Whether everybody has a part, and the parts are the whole."""
    owned = shares(members)
    return all(owned) and sum(len(share) for share in owned) == SHARDS and frozenset().union(*owned) == ALL


def test_a_single_member_owns_everything_as_soon_as_it_has_started(member: Make) -> None:
    assert member("eye-0").owned == ALL


@pytest.mark.parametrize("count", [2, 3])
def test_members_share_all_shards_and_no_shard_has_two_owners_on_the_way(member: Make, count: int) -> None:
    with Watch([]) as watch:
        for number in range(count):
            watch.members.append(member(f"eye-{number}"))
            time.sleep(0.15)
        wait_until(lambda: complete(watch.members), 10, "a complete share-out")


def test_services_do_not_share_with_each_other(redis_url: str, member: Make) -> None:
    eye = member("x-0")
    brain = ShardOwnership(connect(redis_url), service="brain", instance="x-0", shards=SHARDS, **TIMES)
    brain.start()
    assert eye.owned == brain.owned == ALL
    brain.stop()
    assert eye.owned == ALL


def test_who_stops_gives_its_shards_at_once(member: Make) -> None:
    long = {"fence_s": 50.0, "ttl_s": 60.0}  # nobody waits for the end of such a lease
    first, second = member("eye-0", **long), member("eye-1", **long)
    wait_until(lambda: complete([first, second]), 10, "a share-out")
    with Watch([first, second]):
        first.stop()
        assert first.owned == frozenset()
        wait_until(lambda: second.owned == ALL, 10, "the other to own all")


def test_the_shards_of_a_killed_process_move_when_its_leases_run_out(
    redis_url: str, redis: Redis, member: Make, processes: Processes
) -> None:
    child = _start_member(processes, redis_url, "eye-1")
    survivor = member("eye-0")
    wait_until(lambda: 0 < len(survivor.owned) < SHARDS, 30, "a share-out with the process")
    wait_until(lambda: len(redis.keys("lease:eye:*")) == SHARDS, 10, "all leases")
    child.kill()
    child.wait()
    wait_until(lambda: survivor.owned == ALL, 10, "the survivor to own all")


def test_a_process_that_comes_back_under_its_name_has_its_shards_at_once(
    redis_url: str, member: Make, processes: Processes
) -> None:
    child = _start_member(processes, redis_url, "eye-0")
    redis = connect(redis_url)
    wait_until(lambda: len(redis.keys("lease:eye:*")) == SHARDS, 30, "the process to own all")
    child.kill()
    child.wait()
    assert member("eye-0").owned == ALL


def test_a_process_that_is_asked_to_end_gives_its_shards_back(redis_url: str, processes: Processes) -> None:
    child = _start_member(processes, redis_url, "eye-0")
    redis = connect(redis_url)
    wait_until(lambda: len(redis.keys("lease:eye:*")) == SHARDS, 30, "the process to own all")
    child.terminate()
    assert child.wait(10) == 0
    assert redis.keys("lease:eye:*") == []
    assert redis.zcard("members:eye") == 0


def _start_member(processes: Processes, url: str, instance: str):  # type: ignore[no-untyped-def]
    command = [sys.executable, "-m", "tests.integration.shared.ownership_member", url, instance, str(SHARDS)]
    return processes.start(command, cwd=Path(__file__).resolve().parents[3])


def test_nothing_is_owned_before_the_first_contact() -> None:
    one = ShardOwnership(Redis(port=1), service="eye", instance="eye-0", shards=SHARDS)
    assert one.owned == frozenset()


def test_without_redis_a_member_stops_before_another_could_begin(redis_url: str) -> None:
    now = [100.0]
    one = ShardOwnership(connect(redis_url), service="eye", instance="eye-0", shards=SHARDS, monotonic=lambda: now[0])
    one._beat()
    assert one.owned == ALL
    now[0] += 4.0
    assert one.owned == ALL
    now[0] += 0.01
    assert one.owned == frozenset(), "the leases live for five seconds from the last contact"


def test_members_survive_an_outage_of_redis_without_a_moment_of_two_owners(tmp_path: Path) -> None:
    server = prepare_redis(tmp_path / "redis")
    child = start_redis(server)
    members = [
        ShardOwnership(
            connect(server.url, socket_timeout_s=0.5), service="eye", instance=f"eye-{number}", shards=SHARDS, **TIMES
        )
        for number in range(2)
    ]
    try:
        for one in members:
            one.start()
        wait_until(lambda: complete(members), 10, "a share-out")
        with Watch(members):
            child.kill()
            child.wait()
            wait_until(lambda: not any(shares(members)), 20, "both to stop")
            child = start_redis(server)
            wait_until(lambda: complete(members), 30, "the share-out to come back")
    finally:
        for one in members:
            one.stop()
        stop_redis(child)


def test_members_survive_that_redis_loses_its_data_without_a_moment_of_two_owners(redis: Redis, member: Make) -> None:
    members = [member(f"eye-{number}") for number in range(3)]
    wait_until(lambda: complete(members), 10, "a share-out")
    before = shares(members)
    with Watch(members):
        for _ in range(5):
            redis.flushall()
            time.sleep(0.25)
        time.sleep(TIMES["ttl_s"] + 0.3)
        wait_until(lambda: complete(members), 10, "the share-out to be whole")
    assert shares(members) == before, "no shard had to move"


def test_a_shard_that_falls_to_another_leaves_the_owner_a_beat_before_its_lease_is_given_up(
    redis: Redis, redis_url: str
) -> None:
    first = ShardOwnership(connect(redis_url), service="eye", instance="eye-0", shards=SHARDS)
    second = ShardOwnership(connect(redis_url), service="eye", instance="eye-1", shards=SHARDS)
    first._beat()
    second._beat()
    assert second.owned == frozenset(), "every lease is held"
    first._beat()
    leaving = ALL - first.owned
    assert leaving
    second._beat()
    assert second.owned == frozenset(), "work in flight may still end"
    first._beat()
    second._beat()
    assert second.owned == leaving
    assert redis.get(f"lease:eye:{min(leaving)}") == b"eye-1"


def test_times_that_could_give_a_shard_two_owners_are_refused(redis: Redis) -> None:
    with pytest.raises(ValueError, match="beat_s < fence_s < ttl_s"):
        ShardOwnership(redis, service="eye", instance="a", shards=1, fence_s=5.0, ttl_s=5.0)
