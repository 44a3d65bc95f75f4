"""Sizes of packets against their usual size."""

from __future__ import annotations

import random

import pytest

from services.ingest.sizes import SizeWatch


def watch(fps: float = 25.0) -> SizeWatch:
    made = SizeWatch()
    made.set_rate(fps)
    return made


def sizes(count: int, *, mean: float, spread: float = 0.05, pattern: tuple[float, ...] = (1.0,)) -> list[int]:
    chance = random.Random(5)
    return [int(mean * pattern[index % len(pattern)] * chance.gauss(1, spread)) for index in range(count)]


@pytest.mark.parametrize("pattern", [(1.0,), (3.0, 0.5, 1.0, 0.5), (5.0, 1.0)])
@pytest.mark.parametrize("mean", [90.0, 5_000.0, 40_000.0])
def test_what_varies_as_usual_is_no_alarm(pattern: tuple[float, ...], mean: float) -> None:
    watched = watch()
    alarms = [watched.grew(size) for size in sizes(3000, mean=mean, pattern=pattern)]
    assert sum(alarms) <= 3


@pytest.mark.parametrize("growth", [1.3, 2.0, 10.0])
def test_growth_is_noticed_within_half_a_second(growth: float) -> None:
    watched = watch()
    for size in sizes(500, mean=5000):
        watched.grew(size)
    assert any(watched.grew(int(size * growth)) for size in sizes(13, mean=5000))


def test_nothing_is_told_before_the_usual_is_known() -> None:
    watched = watch()
    assert not any(watched.grew(size) for size in [*sizes(20, mean=1000), *sizes(20, mean=50_000)])
    assert not watched.ready


def test_a_drawn_scene_of_equal_packets_is_no_alarm_for_a_few_bytes_more() -> None:
    watched = watch()
    for _ in range(500):
        watched.grew(83)
    assert not any(watched.grew(110) for _ in range(30))
    assert any(watched.grew(1500) for _ in range(10))


def test_what_proved_harmless_is_not_told_again_but_more_is() -> None:
    watched = watch()
    for size in sizes(500, mean=5000):
        watched.grew(size)
    alarms = [watched.grew(6200) for _ in range(12)]
    assert any(alarms)
    watched.acted_upon()
    watched.false_alarm()
    for size in sizes(100, mean=5000):
        watched.grew(size)
    assert not any(watched.grew(6200, learn=False) for _ in range(12))
    assert any(watched.grew(9000, learn=False) for _ in range(12))


def test_a_flash_that_proved_harmless_does_not_blind_it() -> None:
    watched = watch()
    for size in sizes(500, mean=5000):
        watched.grew(size)
    for _ in range(12):
        watched.grew(100_000, learn=False)
    watched.acted_upon()
    watched.false_alarm()
    for size in sizes(100, mean=5000):
        watched.grew(size)
    assert any(watched.grew(9000, learn=False) for _ in range(12))


def test_what_was_missed_makes_it_keener_within_bounds() -> None:
    watched = watch()
    usual = watched.threshold
    for _ in range(50):
        watched.missed()
    assert 1 < watched.threshold < usual


def test_a_new_level_becomes_the_usual() -> None:
    watched = watch()
    for size in sizes(500, mean=5000):
        watched.grew(size)
    for size in sizes(1000, mean=9000):
        watched.grew(size)
    assert not any(watched.grew(size) for size in sizes(200, mean=9000))
