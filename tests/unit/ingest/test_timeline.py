"""From time-stamps to the wall clock."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.timeline import Timeline

NOW = 1_700_000_000.0


def test_pictures_keep_their_distances_however_unevenly_they_arrive() -> None:
    line = Timeline()
    arrivals = [0.0, 0.3, 0.31, 0.32, 0.33, 0.5, 0.55]
    placed = [line.place(index * 0.1, arrived_s=NOW + at) for index, at in enumerate(arrivals)]
    gaps = [b - a for a, b in pairwise(placed)]
    assert gaps == pytest.approx([0.1] * 6, abs=0.01)


def test_a_burst_at_the_start_is_worked_off_slowly() -> None:
    line = Timeline()
    for index in range(20):
        line.place(index * 0.1, arrived_s=NOW)
    last = 0.0
    for index in range(20, 600):
        last = line.place(index * 0.1, arrived_s=NOW + (index - 19) * 0.1)
    assert last == pytest.approx(NOW + 58.0, abs=0.2)


@pytest.mark.parametrize("jump", [-5000.0, -30.0, 30.0, 90_000.0])
def test_a_jump_of_the_senders_clock_moves_nothing(jump: float) -> None:
    line = Timeline()
    for index in range(50):
        line.place(1000 + index * 0.1, arrived_s=NOW + index * 0.1)
    placed = [line.place(1000 + jump + index * 0.1, arrived_s=NOW + index * 0.1) for index in range(50, 100)]
    assert placed == pytest.approx([NOW + index * 0.1 for index in range(50, 100)], abs=0.3)
    assert placed == sorted(placed)


def test_pictures_without_time_stamps_are_placed_by_the_rate() -> None:
    line = Timeline(fps=10)
    placed = [line.place(None, arrived_s=NOW + index * 0.1) for index in range(20)]
    assert placed == pytest.approx([NOW + index * 0.1 for index in range(20)], abs=0.05)


def test_a_clock_that_drifts_is_followed() -> None:
    line = Timeline()
    placed = [line.place(index * 0.1, arrived_s=NOW + index * 0.1001) for index in range(20_000)]
    assert placed[-1] == pytest.approx(NOW + 19_999 * 0.1001, abs=0.1)


def test_what_is_read_faster_than_it_was_recorded_keeps_its_own_pace() -> None:
    line = Timeline(live=False)
    placed = [line.place(index * 0.1, arrived_s=NOW + index * 0.001) for index in range(1000)]
    assert placed == pytest.approx([NOW + index * 0.1 for index in range(1000)])


def test_pictures_stored_out_of_order_keep_their_own_times() -> None:
    line = Timeline()
    order = [0, 4, 2, 1, 3, 8, 6, 5, 7]
    placed = {index: line.place(index * 0.04, arrived_s=NOW + step * 0.04) for step, index in enumerate(order)}
    times = [placed[index] for index in sorted(placed)]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(0.32, abs=0.02)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6) | st.none(), st.floats(0, 5)), min_size=1, max_size=60),
    st.booleans(),
)
def test_any_time_stamps_are_placed_not_far_before_what_was_placed_already(
    packets: list[tuple[float | None, float]],
    live: bool,  # noqa: FBT001 – drawn by hypothesis
) -> None:
    line = Timeline(live=live)
    now, newest = NOW, float("-inf")
    for pts_s, later in packets:
        now += later
        placed = line.place(pts_s, arrived_s=now)
        assert placed > newest - 3.0
        if live:
            assert -11 < now - placed < 11 or placed >= newest
        newest = max(newest, placed)
