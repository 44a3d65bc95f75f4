"""Which gesture a hand makes, whatever its size, side and turn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.gesture.fingers import fingers_of
from services.modules.specialists.gesture.signs import gesture_of, part_of_help
from shared.vision.hands.hand import Hand
from tests.unit.modules.gesture.figure import (
    FIST,
    FOUR,
    HELP_CLOSED,
    HORNS,
    OPEN,
    POINTING,
    RELAXED,
    THREE,
    THUMB,
    VICTORY,
    Posed,
    seen,
)

sides = pytest.mark.parametrize("side", ["left", "right"])


def gesture(hand: Hand) -> str:
    fingers = fingers_of(hand)
    assert fingers is not None
    return gesture_of(fingers)


@sides
@pytest.mark.parametrize("tilted", [-25.0, 0.0, 25.0])
@pytest.mark.parametrize(
    ("posed", "name"),
    [
        (OPEN, "open_palm"),
        (FIST, "fist"),
        (VICTORY, "victory"),
        (POINTING, "pointing"),
        (FOUR, "none"),
        (THREE, "none"),
        (HORNS, "none"),
        (RELAXED, "none"),
    ],
)
def test_fingers_make_a_gesture_or_none(posed: Posed, name: str, side: str, tilted: float) -> None:
    assert gesture(seen(posed, side=side, tilted_deg=tilted, noise=0.01)) == name


@sides
@pytest.mark.parametrize(
    ("turned", "name"),
    [(-57, "thumbs_up"), (-30, "thumbs_up"), (33, "none"), (123, "thumbs_down"), (150, "thumbs_down"), (-147, "none")],
)
def test_thumbs_go_by_the_upright_of_the_picture(side: str, turned: float, name: str) -> None:
    """The drawn thumb points outwards, 57 degrees from straight up."""
    assert gesture(seen(THUMB, side=side, turned_deg=turned if side == "right" else -turned)) == name


@given(
    turned=st.floats(0, 360),
    size=st.floats(10, 400),
    at=st.tuples(st.floats(0, 2000), st.floats(0, 2000)),
    posed=st.sampled_from([OPEN, FIST, VICTORY, POINTING, THREE, RELAXED]),
    side=st.sampled_from(["left", "right"]),
)
def test_neither_turn_nor_size_nor_place_matters(
    turned: float, size: float, at: tuple[float, float], posed: Posed, side: str
) -> None:
    assert gesture(seen(posed, side=side, turned_deg=turned, size=size, at=at)) == gesture(seen(posed, side=side))


@given(
    posed=st.sampled_from([OPEN, FOUR, HELP_CLOSED, FIST, VICTORY, POINTING, THUMB]),
    turned=st.floats(-40, 40),
    tilted=st.floats(-20, 20),
)
def test_the_other_hand_is_the_mirror_image(posed: Posed, turned: float, tilted: float) -> None:
    right = fingers_of(seen(posed, side="right", turned_deg=turned, tilted_deg=tilted))
    left = fingers_of(seen(posed, side="left", turned_deg=-turned, tilted_deg=tilted))
    assert right is not None
    assert left is not None
    assert gesture_of(right) == gesture_of(left)
    assert part_of_help(right) == part_of_help(left)
    assert right.facing == pytest.approx(left.facing)


@sides
def test_the_parts_of_the_signal_need_the_palm_towards_the_camera(side: str) -> None:
    parts = {}
    for name, posed in {"open": OPEN, "tucked": FOUR, "closed": HELP_CLOSED}.items():
        front, back = (fingers_of(seen(posed, side=side, back=back)) for back in (False, True))
        assert front is not None
        assert back is not None
        parts[name] = part_of_help(front)
        assert part_of_help(back) == "other"
    assert parts == {"open": "open", "tucked": "tucked", "closed": "closed"}


def test_landmarks_all_in_one_place_make_no_hand() -> None:
    assert fingers_of(Hand(np.zeros((21, 3)), np.zeros((21, 3)), 1.0, 0.5)) is None
