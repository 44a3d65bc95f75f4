"""The pace that all workers keep together, in a real Redis."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis

from services.alerts.pace import Limit, Pace
from shared.domain.errors import Transient
from shared.settings import Settings

DAY_US = 86_400_000_000


class Clock:
    """Virtual time, in microseconds since some day in 2026; sleeping passes it."""

    def __init__(self) -> None:
        self.us = 20_500 * DAY_US

    def sleep(self, seconds: float) -> None:
        self.us += round(seconds * 1_000_000)

    def monotonic(self) -> float:
        return self.us / 1_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(redis: Redis, clock: Clock) -> Pace:
    return Pace(redis, now_us=lambda: clock.us, sleep=clock.sleep, monotonic=clock.monotonic)


def most_within(times_us: list[int], within_s: float) -> int:
    """The largest number in any half-open window of that length."""
    times_us = sorted(times_us)
    return max(
        (sum(1 for each in times_us if first <= each < first + within_s * 1_000_000) for first in times_us), default=0
    )


limits = st.integers(1, 12).flatmap(
    lambda most: st.builds(
        Limit, most=st.just(most), within_s=st.sampled_from([0.5, 1.0, 7.0, 60.0]), burst=st.integers(1, most)
    )
)


@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    of_chat=limits,
    of_bot=limits,
    arrivals=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([0, 1_000, 50_000, 200_000, 700_000, 3_000_000])), max_size=60
    ),
)
def test_no_window_ever_holds_more_than_the_limit(
    redis: Redis, of_chat: Limit, of_bot: Limit, arrivals: list[tuple[int, int]]
) -> None:
    """Each arrival asks at its own time, in order, as Redis hears them; its turn is when it has slept as told."""
    redis.flushdb()
    now_us = 20_500 * DAY_US
    sent: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for chat, after_us in arrivals:
        now_us += after_us
        mine = Clock()
        mine.us = now_us
        each = Pace(redis, now_us=lambda now=now_us: now, sleep=mine.sleep, monotonic=mine.monotonic)  # type: ignore[misc]
        try:
            each.wait({f"chat{chat}": of_chat, "bot": of_bot}, at_most_s=1.0)
        except Transient:
            continue
        assert mine.us - now_us <= 1_000_000
        sent[chat].append(mine.us)
    for times in sent.values():
        assert most_within(times, of_chat.within_s) <= of_chat.most
    assert most_within([each for times in sent.values() for each in times], of_bot.within_s) <= of_bot.most


@pytest.mark.parametrize("limit", [Limit(30, 1.0), Limit(30, 1.0, burst=5), Limit(20, 60.0, burst=10), Limit(1, 1.0)])
def test_whoever_always_waits_gets_all_that_is_allowed(pace: Pace, clock: Clock, limit: Limit) -> None:
    turns = []
    for _ in range(limit.most * 3):
        pace.wait({"bot": limit}, at_most_s=1000)
        turns.append(clock.us)
    assert most_within(turns, limit.within_s) <= limit.most
    steady = limit.most - limit.burst + 1
    assert most_within(turns, limit.within_s) >= steady
    assert turns[-1] - turns[0] <= (len(turns) - limit.burst) * limit.within_s / steady * 1_000_000 + 1000


def test_a_burst_is_not_slowed(pace: Pace, clock: Clock) -> None:
    began = clock.us
    for _ in range(5):
        pace.wait({"bot": Limit(30, 1.0, burst=5)})
    assert clock.us == began


def test_a_longer_wait_is_left_to_the_courier_with_its_length(pace: Pace, clock: Clock) -> None:
    slow = Limit(1, 60.0)
    pace.wait({"bot": slow})
    clock.us += 10_000_000
    with pytest.raises(Transient) as caught:
        pace.wait({"bot": slow})
    assert caught.value.retry_after_s == pytest.approx(50)
    clock.us += 50_000_000
    pace.wait({"bot": slow})


class Asleep(Exception):
    """Somebody waits for a turn, and everybody else goes on."""


def fall_asleep(_: float) -> None:
    raise Asleep


def test_a_chat_that_has_to_wait_holds_up_nobody_else(redis: Redis, pace: Pace, clock: Clock) -> None:
    of_chat, of_bot = Limit(1, 0.9), Limit(30, 1.0)
    pace.wait({"chat1": of_chat, "bot": of_bot})
    sleeper = Pace(redis, now_us=lambda: clock.us, sleep=fall_asleep, monotonic=clock.monotonic)
    for _ in range(3):
        with pytest.raises(Asleep):
            sleeper.wait({"chat1": of_chat, "bot": of_bot})
    began = clock.us
    pace.wait({"chat2": of_chat, "bot": of_bot})
    assert clock.us - began < 40_000


def test_a_turn_that_is_booked_ahead_counts_from_when_it_is(pace: Pace, clock: Clock) -> None:
    of_chat, of_bot = Limit(1, 1.5), Limit(1, 1.0)
    pace.wait({"chat1": of_chat, "bot": of_bot})
    pace.wait({"chat2": of_chat, "bot": of_bot})
    began = clock.us
    pace.wait({"chat2": of_chat, "bot": of_bot}, at_most_s=2.0)
    assert clock.us - began >= 1_500_000


def test_workers_keep_it_together(redis: Redis) -> None:
    """On the clock of Redis, from threads with connections of their own: the turns are counted, not timed."""
    limit = Limit(10, 600.0, burst=10)
    turns: list[bool] = []

    def work() -> None:
        mine = Pace(Redis(connection_pool=redis.connection_pool))
        for _ in range(5):
            try:
                mine.wait({"bot": limit}, at_most_s=0.0)
                turns.append(True)
            except Transient:
                turns.append(False)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(turns) == 10
    assert len(turns) == 40


def test_what_is_kept_in_redis_ends_by_itself(redis: Redis) -> None:
    Pace(redis).wait({"bot": Limit(30, 1.0)})
    (key,) = redis.keys("*")
    assert 0 < redis.pttl(key) <= 62_000


def test_without_redis_everybody_may_send_and_it_is_said_once(
    capsys: pytest.CaptureFixture[str], tmp_path: str
) -> None:
    pace = Pace.of(Settings.model_validate({"data_dir": tmp_path, "redis_url": "redis://127.0.0.1:9/0"}))
    started = time.monotonic()
    for _ in range(100):
        pace.wait({"bot": Limit(1, 60.0)})
    assert time.monotonic() - started < 5
    assert capsys.readouterr().out.count("pace_not_kept") == 1
    pace.close()


def test_it_is_kept_again_when_redis_is_back(
    redis: Redis, redis_url: str, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    away = Redis.from_url("redis://127.0.0.1:9/0")
    pace = Pace(away, now_us=lambda: clock.us, sleep=clock.sleep, monotonic=clock.monotonic)
    limit = Limit(1, 60.0)
    pace.wait({"bot": limit})
    away.connection_pool = redis.connection_pool
    pace.wait({"bot": limit})  # it is not asked again at once
    clock.us += 10_000_000
    pace.wait({"bot": limit})
    with pytest.raises(Transient):
        pace.wait({"bot": limit})
    assert "pace_kept_again" in capsys.readouterr().out


def test_an_installation_that_names_no_redis_has_no_limit(tmp_path: str) -> None:
    pace = Pace.of(Settings.model_validate({"data_dir": tmp_path}))
    for _ in range(5):
        pace.wait({"bot": Limit(1, 60.0)})


@pytest.mark.parametrize("wrong", [(0, 1.0, 1), (1, 0.0, 1), (3, 1.0, 4), (3, 1.0, 0)])
def test_a_limit_that_means_nothing_is_refused(wrong: tuple[int, float, int]) -> None:
    with pytest.raises(ValueError, match="no such limit"):
        Limit(*wrong)
