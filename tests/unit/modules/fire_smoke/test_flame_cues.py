"""The single cues: colours, changing shapes, places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.fire_smoke.churning import churn
from services.modules.specialists.fire_smoke.evidence import Evidence, confidence, distinct, margin, moved
from services.modules.specialists.fire_smoke.flame_colour import flame_colour
from shared.domain.box import Box


@pytest.mark.parametrize(
    ("bgr", "kind"),
    [
        ((30, 140, 250), "flame"),
        ((60, 190, 255), "flame"),
        ((20, 60, 210), "flame"),
        ((250, 255, 255), "hot"),
        ((150, 120, 235), "pink"),
        ((128, 128, 128), ""),
        ((200, 120, 40), ""),
        ((40, 160, 60), ""),
        ((30, 40, 90), ""),
        ((255, 225, 190), ""),
    ],
)
def test_colours_of_flames(bgr: tuple[int, int, int], kind: str) -> None:
    colour = flame_colour(np.full((2, 2, 3), bgr, np.uint8))
    found = {name for name in ("flame", "hot", "pink") if getattr(colour, name).any()}
    assert (kind in found) if kind else not found


def disc(x: float, y: float, radius: float) -> np.ndarray:
    ys, xs = np.mgrid[:80, :80]
    return np.hypot(xs - x, ys - y) < radius


def test_a_shape_that_only_moves_does_not_churn() -> None:
    assert churn(np.stack([disc(30 + 3 * n, 40 + n, 12) for n in range(6)])).mean == 0


def test_a_shape_that_only_grows_or_shrinks_does_not_churn() -> None:
    assert churn(np.stack([disc(40, 40, 10 + 5 * (n % 2)) for n in range(6)])).mean < 0.01


def test_a_shape_that_is_never_the_same_churns() -> None:
    shapes = [disc(40, 50, 12) | disc(40 + (-1) ** n * 9, 34 - n % 3 * 3, 8) for n in range(6)]
    assert churn(np.stack(shapes)).mean > 0.05
    assert churn(np.stack(shapes)).lively > 0.6


def test_nothing_does_not_churn() -> None:
    assert churn(np.zeros((4, 20, 20), np.bool_)).pairs == 0


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0.01, 10)), min_size=1, max_size=5))
def test_confidence_is_one_half_where_all_that_is_asked_is_met(parts: list[tuple[float, float]]) -> None:
    exceeds = margin(*parts)
    assert 0 <= confidence(exceeds) <= 0.95
    assert (confidence(exceeds) >= 0.5) == (exceeds >= 1)


@given(st.floats(0, 5), st.floats(0, 5))
def test_confidence_grows_with_the_margin(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert confidence(low) <= confidence(high)


def test_a_box_is_told_in_the_picture_that_was_looked_at() -> None:
    motion = np.array([[1.0, 0.0, 7.0], [0.0, 1.0, -3.0]])
    assert moved((10, 20, 30, 40), motion) == Box(17, 17, 37, 37)


def test_of_the_same_place_the_surest_is_told() -> None:
    sure = Evidence("fire", 0.8, Box(0, 0, 50, 50), 3, sure=True)
    again = Evidence("fire", 0.6, Box(5, 5, 20, 20), 3, sure=True)
    other = Evidence("smoke", 0.6, Box(5, 5, 20, 20), 3, sure=True)
    assert distinct([again, sure, other]) == [sure, other]
