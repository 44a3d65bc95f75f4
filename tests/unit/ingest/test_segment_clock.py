"""A segment's own time-stamps, whatever the camera's clock does."""

from __future__ import annotations

from itertools import pairwise

import pytest

from services.ingest.remux import SegmentClock

Stamp = tuple[int | None, int | None]


def placed(stamps: list[Stamp]) -> list[tuple[int, int]]:
    """With pictures every 40 ticks of a millisecond."""
    clock = SegmentClock(nominal=40, jump=10_000)
    return [clock.place(dts, pts) for dts, pts in stamps]


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([(5000, 5000), (5040, 5040), (5080, 5080)], [(0, 0), (40, 40), (80, 80)]),
        ([(-80, 0), (-40, 120), (0, 40), (40, 80)], [(0, 80), (40, 200), (80, 120), (120, 160)]),
        ([(0, 0), (40, 40), (3040, 3040)], [(0, 0), (40, 40), (3040, 3040)]),
        ([(0, 0), (40, 40), (90_000, 90_000), (90_040, 90_040)], [(0, 0), (40, 40), (80, 80), (120, 120)]),
        ([(90_000, 90_000), (90_040, 90_040), (0, 0), (40, 40)], [(0, 0), (40, 40), (80, 80), (120, 120)]),
        ([(0, 0), (40, 40), (40, 40), (80, 80)], [(0, 0), (40, 40), (41, 41), (80, 80)]),
        ([(0, 0), (40, 40), (20, 20), (80, 80)], [(0, 0), (40, 40), (41, 41), (80, 80)]),
        ([(None, None), (None, None), (None, None)], [(0, 0), (40, 40), (80, 80)]),
        ([(None, 700), (None, 740), (780, 780)], [(0, 0), (40, 40), (80, 80)]),
    ],
    ids=["plain", "reordered", "pause", "jump ahead", "set back", "twice", "disorder", "none", "shown only"],
)
def test_time_begins_at_zero_and_never_goes_back(stamps, expected):
    assert placed(stamps) == expected
    assert all(later[0] > earlier[0] for earlier, later in pairwise(expected))
    assert all(pts >= dts for dts, pts in expected)
