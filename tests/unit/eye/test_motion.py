"""How things are expected to move between two looks at them."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eye.border import leaving, touches
from services.eye.motion import Motion, MotionModel, begin, correct, predict, rescaled
from shared.domain.box import Box

MODEL = MotionModel()
BODY = 100.0


def a_box(x: float, y: float = 200, body: float = BODY) -> Box:
    return Box(x - 0.2 * body, y - 0.5 * body, x + 0.2 * body, y + 0.5 * body)


def walked(*steps: tuple[float, float]) -> Motion:
    """(seconds, x) seen one after the other."""
    (first_s, x), *rest = steps
    motion = begin(a_box(x), first_s, model=MODEL)
    for at, place in rest:
        motion = correct(predict(motion, at, model=MODEL), a_box(place), model=MODEL)
    return motion


times = st.floats(0.01, 5)


@given(a=times, b=times, vx=st.floats(-200, 200))
def test_how_often_one_looks_makes_no_difference_to_what_is_expected(a, b, vx):
    motion = walked((0, 0), (0.5, vx * 0.5))
    at_once = predict(motion, 0.5 + a + b, model=MODEL)
    in_steps = predict(predict(motion, 0.5 + a, model=MODEL), 0.5 + a + b, model=MODEL)
    assert astuple(in_steps) == pytest.approx(astuple(at_once), rel=1e-6, abs=1e-6)


@given(st.lists(times, min_size=1, max_size=10))
def test_the_longer_unseen_the_less_sure(gaps):
    motion, var = walked((0, 0), (0.5, 40)), 0.0
    at = 0.5
    for gap in gaps:
        at += gap
        expected = predict(motion, at, model=MODEL)
        assert expected.var_p > var
        assert expected.var_p * expected.var_v >= expected.var_pv**2
        var = expected.var_p


def test_an_object_just_found_is_expected_to_stand_give_or_take_a_walk():
    expected = predict(begin(a_box(0), 0, model=MODEL), 1.0, model=MODEL)
    assert expected.x == 0
    assert 0.4 * BODY < expected.var_p**0.5 < BODY


@pytest.mark.parametrize("interval_s", [0.04, 0.2, 0.5, 1.0])
def test_somebody_who_walks_is_expected_to_walk_on(interval_s):
    steps = [(i * interval_s, 80 * i * interval_s) for i in range(int(3 / interval_s) + 1)]
    motion = walked(*steps)
    assert motion.vx == pytest.approx(80, rel=0.25)
    ahead = predict(motion, motion.at + 0.5, model=MODEL)
    assert ahead.x - motion.x == pytest.approx(40, rel=0.35)


def test_a_doubtful_detection_moves_it_less():
    expected = predict(walked((0, 0), (0.5, 0)), 0.7, model=MODEL)
    sure = correct(expected, a_box(20), model=MODEL)
    doubtful = correct(expected, a_box(20), model=MODEL, doubt=3)
    assert 0 < doubtful.x < sure.x <= 20


def test_a_clock_that_is_set_back_moves_nothing():
    motion = walked((0, 0), (1, 80))
    assert predict(motion, 0.5, model=MODEL).x == motion.x


def test_at_twice_the_resolution_everything_is_twice_as_large():
    motion = walked((0, 0), (1, 80))
    large = rescaled(motion, 2, 2)
    assert large.box == motion.box.scaled(2, 2)
    later = predict(large, 2, model=MODEL)
    assert later.var_p == pytest.approx(4 * predict(motion, 2, model=MODEL).var_p)


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        (Box(0, 100, 50, 200), True),
        (Box(600, 100, 640, 200), True),
        (Box(100, 400, 150, 480), True),
        (Box(100, 100, 150, 200), False),
    ],
)
def test_the_border_cuts_what_touches_it(box, cut):
    assert touches(box, (640, 480)) is cut


@pytest.mark.parametrize(
    ("steps", "out"),
    [
        ([(0, 560), (0.5, 590), (1, 615)], True),
        ([(0, 615), (0.5, 615), (1, 615)], False),
        ([(0, 615), (0.5, 590), (1, 560)], False),
    ],
    ids=["walking out", "standing at the edge", "coming in"],
)
def test_who_touches_the_border_on_the_way_out_is_leaving(steps, out):
    assert leaving(walked(*steps), (630, 480)) is out
