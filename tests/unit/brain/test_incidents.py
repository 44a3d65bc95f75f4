"""Which events belong to an incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.brain.incidents import LONGEST, belongs

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "is_part"),
    [(100, True), (160, True), (161, False), (0, True), (-60, True), (-61, False), (50, True)],
)
def test_it_is_near_what_is_known_of_the_incident(seconds: float, *, is_part: bool) -> None:
    assert belongs(at(seconds), began_at=at(0), last_at=at(100), window_s=60) is is_part


@given(st.lists(st.floats(0, 60), min_size=1, max_size=300))
def test_an_incident_never_lasts_longer_than_the_longest(gaps: list[float]) -> None:
    began_at = last_at = AT
    for gap in gaps:
        last_at_then = last_at + timedelta(seconds=gap)
        if belongs(last_at_then, began_at=began_at, last_at=last_at, window_s=60):
            last_at = last_at_then
        assert last_at - began_at <= LONGEST
