"""The names of paints."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.vehicle.colours import named, voted
from services.modules.specialists.vehicle.paint import Paint, look_at_paint
from shared.domain.vocabulary import VEHICLE_COLOURS
from tests.unit.modules.vehicle.drawn import car

PAINTS = {
    "white": (245, 245, 245),
    "black": (18, 18, 18),
    "grey": (85, 84, 83),
    "silver": (150, 150, 150),
    "red": (30, 25, 190),
    "blue": (170, 70, 20),
    "green": (50, 120, 30),
    "yellow": (30, 210, 240),
    "orange": (10, 120, 250),
    "brown": (25, 50, 85),
    "beige": (150, 190, 210),
}


@pytest.mark.parametrize("name", VEHICLE_COLOURS)
def test_a_plain_paint_has_its_name(name: str) -> None:
    (first, chance), *_ = voted([(named(look_at_paint(car(PAINTS[name]))), 1.0)])
    assert first == name
    assert chance > 0.5


@pytest.mark.parametrize("name", ["red", "white", "black"])
def test_the_size_of_the_picture_does_not_matter(name: str) -> None:
    large = np.asarray(cv2.resize(car(PAINTS[name]), (1200, 960)), np.uint8)
    small = np.asarray(cv2.resize(car(PAINTS[name]), (50, 40), interpolation=cv2.INTER_AREA), np.uint8)
    assert [voted([(named(look_at_paint(one)), 1.0)])[0][0] for one in (large, small)] == [name, name]


@pytest.mark.parametrize("name", ["red", "blue", "white"])
def test_a_monochrome_picture_shows_no_paint(name: str) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(car(PAINTS[name]), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert not look_at_paint(np.asarray(grey, np.uint8)).seen


def test_a_dark_picture_shows_no_paint() -> None:
    assert not look_at_paint((car(PAINTS["red"]) // 6).astype(np.uint8)).seen


def test_several_pictures_outvote_a_wrong_one() -> None:
    red, blue = (named(look_at_paint(car(PAINTS[name]))) for name in ("red", "blue"))
    assert voted([(red, 1.0), (blue, 1.0), (red, 1.0)])[0][0] == "red"
    assert voted([(red, 1.0), (blue, 5.0)])[0][0] == "blue"


paints = st.builds(
    Paint,
    share=st.floats(0, 1),
    hue=st.floats(0, 359.9),
    lightness=st.floats(0, 100),
    chroma=st.floats(0, 140),
    grey_lightness=st.floats(0, 120),
    spread=st.floats(0, 100),
    seen=st.booleans(),
)


@given(paints)
def test_chances_are_chances(paint: Paint) -> None:
    chances = named(paint)
    assert set(chances) == set(VEHICLE_COLOURS)
    assert all(-1e-9 <= chance <= 1 + 1e-9 for chance in chances.values())
    assert sum(chances.values()) == pytest.approx(1)
