"""When a delivery is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.backoff import Backoff

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
HOUR = Backoff(base_s=1.0, cap_s=60.0, give_up_after_s=3600.0)


def longest(_: float, high: float) -> float:
    return high


@pytest.mark.parametrize(("attempt", "delay_s"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (5000, 60)])
def test_the_longest_wait_doubles_up_to_the_cap(attempt: int, delay_s: float) -> None:
    due = HOUR.next_try(NOW, attempt=attempt, decided_at=NOW, retry_after_s=None, uniform=longest)
    assert due == NOW + timedelta(seconds=delay_s)


@given(st.integers(1, 100), st.floats(0, 1))
def test_jitter_takes_any_part_of_the_wait(attempt: int, share: float) -> None:
    def part(low: float, high: float) -> float:
        return low + (high - low) * share

    due = HOUR.next_try(NOW, attempt=attempt, decided_at=NOW, retry_after_s=None, uniform=part)
    assert due is not None
    assert NOW <= due <= NOW + timedelta(seconds=60)


def test_what_the_receiver_asks_for_is_kept_to_the_second() -> None:
    due = HOUR.next_try(NOW, attempt=9, decided_at=NOW, retry_after_s=37.0, uniform=longest)
    assert due == NOW + timedelta(seconds=37)


@pytest.mark.parametrize(
    ("age_s", "retry_after_s", "given_up"),
    [(3539, None, False), (3541, None, True), (0, 3600.0, False), (0, 3601.0, True), (3599, 0.0, False)],
)
def test_a_try_that_would_come_too_late_is_not_made(
    age_s: float, retry_after_s: float | None, *, given_up: bool
) -> None:
    due = HOUR.next_try(
        NOW, attempt=20, decided_at=NOW - timedelta(seconds=age_s), retry_after_s=retry_after_s, uniform=longest
    )
    assert (due is None) is given_up
