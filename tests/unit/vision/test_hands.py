"""The geometry of looking at hands: squares, anchors, and each hand once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.box import Box
from shared.vision.hands.finder import parts, without_repeats
from shared.vision.hands.hand import LANDMARKS, Hand
from shared.vision.hands.palms import Palm
from shared.vision.hands.square import Square

squares = st.builds(
    Square, x=st.floats(60, 140), y=st.floats(60, 140), side=st.floats(30, 90), angle=st.floats(-math.pi, math.pi)
)


@given(square=squares)
def test_the_middle_of_a_cut_is_the_middle_of_its_square(square: Square) -> None:
    middle = square.to_picture(np.array([[112.0, 112.0, 0.0]]), 224)
    assert middle[0, :2] == pytest.approx((square.x, square.y))


@given(square=squares)
def test_what_is_up_in_the_cut_is_where_the_square_points(square: Square) -> None:
    top = square.to_picture(np.array([[112.0, 0.0, 0.0]]), 224)[0, :2]
    wanted = (square.x + math.sin(square.angle) * square.side / 2, square.y - math.cos(square.angle) * square.side / 2)
    assert top == pytest.approx(wanted, abs=1e-6)
    turned = square.turned(np.array([[0.0, -1.0, 0.0]]))[0, :2]
    assert turned == pytest.approx((math.sin(square.angle), -math.cos(square.angle)), abs=1e-6)


@given(square=squares, u=st.floats(0.2, 0.8), v=st.floats(0.2, 0.8))
def test_a_spot_is_cut_out_where_it_is_told_to_lie(square: Square, u: float, v: float) -> None:
    x, y = square.to_picture(np.array([[u * 224, v * 224, 0.0]]), 224)[0, :2]
    picture = np.zeros((200, 200, 3), np.uint8)
    if not (8 < x < 192 and 8 < y < 192):
        return
    picture[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = 255
    ys, xs = np.nonzero(square.cut(picture, 224)[:, :, 0] > 127)
    scale = 224 / square.side
    assert xs.mean() == pytest.approx(u * 224, abs=1.5 * scale)
    assert ys.mean() == pytest.approx(v * 224, abs=1.5 * scale)


def test_the_square_of_a_palm_points_from_the_wrist_to_the_fingers() -> None:
    keypoints = np.zeros((7, 2))
    keypoints[0], keypoints[2] = (100, 100), (140, 100)
    square = Palm(np.array([100.0, 80.0, 140.0, 120.0]), keypoints, 0.9).square()
    assert square.angle == pytest.approx(math.pi / 2)
    assert (square.x, square.y, square.side) == pytest.approx((140, 100, 104))


def hand(x: float, *, confidence: float = 0.9, right: float = 0.9) -> Hand:
    points = np.stack([np.linspace(x, x + 50, 21), np.linspace(0, 60, 21) % 17, np.zeros(21)], axis=1)
    return Hand(points, points / 500, confidence, right)


def test_a_hand_seen_twice_is_told_once_and_two_hands_that_touch_are_two() -> None:
    sure, again, other = hand(0), hand(3, confidence=0.8), hand(20, right=0.1)
    assert without_repeats([sure, again, other]) == [sure, other]


def test_who_stands_is_looked_at_in_two_parts_that_overlap() -> None:
    upper, lower = parts(Box(0, 0, 50, 200))
    assert (upper.y1, lower.y2) == (0, 200)
    assert upper.y2 > lower.y1
    assert parts(Box(0, 0, 200, 200)) == (Box(0, 0, 200, 200),)


def test_landmarks_lie_in_the_picture_and_are_named() -> None:
    assert len(LANDMARKS) == len(set(LANDMARKS)) == 21
    shown = hand(-10).landmarks(30, 8)
    assert [one["name"] for one in shown] == list(LANDMARKS)
    assert all(0 <= one["x"] <= 30 and 0 <= one["y"] <= 8 for one in shown)
    assert hand(-10).bbox(30, 8) == [0, 0, 30, 8]


@pytest.mark.parametrize(("right", "side"), [(0.98, "right"), (0.02, "left"), (0.6, "unknown"), (0.4, "unknown")])
def test_the_side_of_a_hand_is_told_when_it_is_clear(right: float, side: str) -> None:
    assert hand(0, right=right).handedness == side
