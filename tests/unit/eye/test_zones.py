"""Which zones hold an object, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eye.zones import advance, inside, left_all, zones_holding
from shared.domain.box import Box
from shared.domain.polygon import Polygon
from shared.domain.presence import ZoneStay
from shared.domain.zone import Zone

T0 = datetime(2026, 1, 1, tzinfo=UTC)
LEFT_HALF = Zone("left", Polygon.of([[0, 0], [0.5, 0], [0.5, 1], [0, 1]]))
WHOLE = Zone("whole", Polygon.of([[0, 0], [1, 0], [1, 1], [0, 1]]))
SIZE = (640, 480)


def held(box: Box, *zones: Zone, label: str = "person", confidence: float = 0.9) -> set[str]:
    return set(zones_holding(zones, box, frame_size=SIZE, label=label, confidence=confidence))


@pytest.mark.parametrize(
    ("box", "zones"),
    [
        (Box(0, 0, 100, 100), {"left", "whole"}),
        (Box(400, 0, 500, 100), {"whole"}),
        # Only the feet count: this one leans over from the right.
        (Box(100, 100, 600, 200), {"whole"}),
        # Feet below the picture stand on its lower edge.
        (Box(0, 300, 100, 700), {"left", "whole"}),
        (Box(-300, 100, -200, 200), {"left", "whole"}),
    ],
)
def test_an_object_is_where_it_stands(box, zones):
    assert held(box, LEFT_HALF, WHOLE) == zones


def test_a_zone_holds_only_its_labels_at_its_sensitivity():
    cars = Zone("cars", WHOLE.polygon, labels=frozenset({"car"}), sensitivity=0.4)
    box = Box(0, 0, 10, 10)
    assert held(box, cars, label="car", confidence=0.7) == {"cars"}
    assert held(box, cars, label="car", confidence=0.5) == set()
    assert held(box, cars, label="person", confidence=0.7) == set()


def steps(*holding: set[str], gap_s: float = 1.0) -> tuple[ZoneStay, ...]:
    stays: tuple[ZoneStay, ...] = ()
    for i, names in enumerate(holding):
        at = T0 + timedelta(seconds=i * gap_s)
        stays = advance(stays, frozenset(names), at=at, since=at - timedelta(seconds=gap_s))
    return stays


@pytest.mark.parametrize(
    ("holding", "dwell_s", "entered_s", "is_in"),
    [
        ([{"a"}], 0, 0, True),
        ([{"a"}, {"a"}, {"a"}], 2, 0, True),
        ([{"a"}, {"a"}, set()], 1, 0, False),
        ([{"a"}, {"a"}, set(), {"a"}], 1, 3, True),
        ([{"a"}, {"a"}, set(), {"a"}, {"a"}], 2, 3, True),
        ([set(), {"a"}, {"a", "b"}], 1, 1, True),
    ],
)
def test_dwell_is_the_time_between_sightings_inside(holding, dwell_s, entered_s, is_in):
    stay = steps(*holding)[0]
    left_at = None if is_in else T0 + timedelta(seconds=len(holding) - 1)
    assert stay == ZoneStay("a", T0 + timedelta(seconds=entered_s), dwell_s, is_in, left_at)


def test_who_is_gone_is_in_no_zone_and_keeps_the_time_spent():
    stays = left_all(steps({"a", "b"}, {"a"}))
    assert inside(stays) == frozenset()
    assert {stay.zone: stay.dwell_s for stay in stays} == {"a": 1.0, "b": 0.0}


names = st.sets(st.sampled_from("abc"))


@given(st.lists(st.tuples(names, st.floats(0, 100)), min_size=1, max_size=30))
def test_dwell_never_shrinks_nor_outgrows_the_time_that_passed(walk):
    stays: tuple[ZoneStay, ...] = ()
    at, before = T0, {}
    for holding, gap_s in walk:
        since, at = at, at + timedelta(seconds=gap_s)
        stays = advance(stays, frozenset(holding), at=at, since=since)
        assert inside(stays) == holding
        for stay in stays:
            assert stay.dwell_s >= before.get(stay.zone, 0.0)
            assert stay.dwell_s <= (at - T0).total_seconds() + 1e-3
        before = {stay.zone: stay.dwell_s for stay in stays}


@given(x=st.floats(0, 1), y=st.floats(0, 1), scale=st.sampled_from([0.25, 0.5, 2, 4]))
def test_zones_do_not_depend_on_the_resolution(x, y, scale):
    triangle = Zone("t", Polygon.of([[0.2, 0.1], [0.9, 0.3], [0.4, 0.8]]))
    box = Box(x * 640 - 5, y * 480 - 20, x * 640 + 5, y * 480)
    size = (int(640 * scale), int(480 * scale))
    scaled = zones_holding([triangle], box.scaled(scale, scale), frame_size=size, label="person", confidence=1)
    assert set(scaled) == held(box, triangle, confidence=1)


@given(x=st.floats(-2, 3), y=st.floats(-2, 3))
def test_whatever_the_box_a_zone_over_everything_holds_it(x, y):
    box = Box(x * 640 - 5, y * 480 - 20, x * 640 + 5, y * 480)
    assert held(box, WHOLE) == {"whole"}
