"""How fast something goes, in its own heights per second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.box import Box
from shared.domain.pace import Stride, Strides, pace, strode_on


def fastest(boxes: list[tuple[float, Box]]) -> float:
    strides: Strides = ()
    top = 0.0
    for at_s, box in boxes:
        strides = strode_on(strides, Stride(at_s, box))
        top = max(top, pace(strides))
    return top


def going(speed: float, *, fps: float, height: float = 100, seconds: float = 5) -> list[tuple[float, Box]]:
    places = [(each / fps, speed * height * each / fps) for each in range(round(seconds * fps))]
    return [(at_s, Box(x, 50, x + height / 3, 50 + height)) for at_s, x in places]


@given(st.floats(0, 5), st.sampled_from([1, 2, 3, 5, 10, 25]), st.floats(20, 900))
def test_a_steady_speed_is_measured_at_every_size_and_rate(speed: float, fps: float, height: float) -> None:
    assert fastest(going(speed, fps=fps, height=height)) == pytest.approx(speed, abs=0.01)


def test_a_picture_every_five_seconds_tells_nothing() -> None:
    assert fastest(going(3, fps=0.2, seconds=60)) == 0.0


def test_a_box_that_jumps_once_is_not_fast() -> None:
    still = [(each / 5, Box(10, 50, 40, 150)) for each in range(10)]
    jumped = [(2 + each / 5, Box(510, 50, 540, 150)) for each in range(10)]
    assert fastest([*still, *jumped]) == 0.0


def test_legs_that_come_out_from_behind_something_do_not_run() -> None:
    growing = [(each / 5, Box(10, 50, 40, 80 + 15 * each)) for each in range(10)]
    assert fastest(growing) == 0.0


def test_a_clock_that_is_set_back_begins_anew() -> None:
    assert fastest([*going(1, fps=5), *going(1, fps=5)]) == pytest.approx(1)
