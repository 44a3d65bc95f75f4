"""Waits between tries, pacing and rates."""

from __future__ import annotations

import pytest

from services.ingest.backoff import Backoff
from services.ingest.pacing import Pacer
from services.ingest.pictures import fitted
from services.ingest.rate import RateMeter


def test_waits_double_up_to_the_cap_and_begin_anew_after_success() -> None:
    backoff = Backoff(base_s=1, cap_s=60, uniform=lambda _, high: high)
    assert [backoff.next_s() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert backoff.next_s() == 1


def test_jitter_takes_up_to_half_away() -> None:
    backoff = Backoff(base_s=4, cap_s=60)
    assert 2 <= backoff.next_s() <= 4


def test_a_pacer_waits_until_each_packet_is_due_and_steps_over_jumps() -> None:
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pacer = Pacer(monotonic=lambda: now[0], sleep=sleep)
    seen = []
    for due in (5.0, 5.5, 6.0, 500.0, 500.5, None, 2.0, 2.5):
        pacer.wait_for(due)
        seen.append(now[0])
    assert seen == [100.0, 100.5, 101.0, 101.0, 101.5, 101.5, 101.5, 102.0]


def test_the_rate_is_that_of_the_last_seconds() -> None:
    meter = RateMeter()
    assert meter.fps == 0
    for index in range(100):
        meter.count(index * 0.1)
    assert meter.fps == pytest.approx(10)
    for index in range(200):
        meter.count(10 + index * 0.04)
    assert meter.fps == pytest.approx(25)


@pytest.mark.parametrize(
    ("size", "most", "expected"),
    [
        ((1280, 720), 1920, (1280, 720)),
        ((3840, 2160), 1920, (1920, 1080)),
        ((2160, 3840), 1920, (1080, 1920)),
        ((7680, 16), 1920, (1920, 4)),
        ((8000, 2), 256, (256, 2)),
        ((641, 359), 1920, (641, 359)),
    ],
)
def test_a_picture_is_fitted_into_the_longest_side(size: tuple[int, int], most: int, expected: tuple[int, int]) -> None:
    assert fitted(*size, max_side=most) == expected
