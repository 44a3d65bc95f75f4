"""Alignment, quality, cutouts, and faces that do not stand upright."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.face.alignment import aligned, similarity, upright
from services.modules.specialists.face.cutting import cut_out, detected_in
from services.modules.specialists.face.detected import Detected
from services.modules.specialists.face.quality import quality_of, turned_by
from services.modules.specialists.face.search import find_faces
from tests.unit.modules.face.seeing import SIDE, DrawnDetector, face_at, picture

TURNS = [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE]


@given(st.floats(-3, 3), st.floats(0.2, 5), st.floats(-50, 50), st.floats(-50, 50))
def test_a_turn_a_scale_and_a_shift_are_found_again(angle: float, scale: float, dx: float, dy: float) -> None:
    points = np.array([[0.0, 0], [40, 3], [21, 30], [5, 50], [35, 52]])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = similarity(points, points @ turn.T + (dx, dy))
    np.testing.assert_allclose(found, np.column_stack([turn, (dx, dy)]), atol=1e-6)


def test_points_that_are_one_point_turn_nothing_upside_down() -> None:
    matrix = similarity(np.ones((5, 2)), np.ones((5, 2)))
    assert np.isfinite(matrix).all()


@pytest.mark.parametrize("side", [40, 150, 900])
def test_eyes_stand_where_recognisers_expect_them(side: int) -> None:
    face = face_at(20, 30, side=side)
    drawn = np.zeros((side + 60, side + 60, 3), np.uint8)
    for name in ("right_eye", "left_eye"):
        x, y = face.landmarks[name]
        cv2.circle(drawn, (round(x), round(y)), max(2, side // 12), (255, 255, 255), -1)
    found = aligned(drawn, face)
    assert found.shape == (112, 112, 3)
    assert found[52, 38].mean() > 150
    assert found[52, 73].mean() > 150
    assert found[80, 56].mean() < 60


@pytest.mark.parametrize("turn", TURNS)
def test_a_face_on_its_side_is_found_where_it_is(turn: int) -> None:
    drawn = picture((1, 250, 40))
    lying = np.ascontiguousarray(cv2.rotate(drawn, turn), np.uint8)
    assert find_faces(DrawnDetector(), lying, turned=False, most=5) == []
    [face] = find_faces(DrawnDetector(), lying, turned=True, most=5)
    x, y = face.landmarks["nose"]
    assert lying[round(y), round(x)].tolist() == [0, 255, 0]
    straight, standing = upright(lying, face)
    np.testing.assert_array_equal(straight, drawn)
    assert standing.box.as_xyxy() == pytest.approx((250, 40, 250 + SIDE, 40 + SIDE))
    assert standing.landmarks["nose"] == pytest.approx((280, 76))


def test_a_face_that_surely_stands_upright_is_looked_at_once() -> None:
    detector = DrawnDetector()
    assert len(find_faces(detector, picture((1, 250, 40)), turned=True, most=5)) == 1
    assert detector.looks == 1


def test_the_largest_faces_come_first_and_no_more_than_wanted() -> None:
    class Three:
        def find(self, _picture: object) -> list[Detected]:
            return [face_at(0, 0, side=20), face_at(50, 50, side=90), face_at(200, 100, side=40)]

    found = find_faces(Three(), picture(), turned=False, most=2)
    assert [face.box.width for face in found] == [90, 40]


def test_a_face_mostly_outside_of_the_picture_is_none() -> None:
    class Outside:
        def find(self, _picture: object) -> list[Detected]:
            return [face_at(-40, 0, side=60)]

    assert find_faces(Outside(), picture(), turned=False, most=2) == []


@pytest.mark.parametrize(("shift", "expected"), [(0, 0.0), (6, 0.25), (-12, -0.5)])
def test_the_nose_tells_where_a_face_looks(shift: float, expected: float) -> None:
    face = face_at(100, 100)
    x, y = face.landmarks["nose"]
    face = Detected(face.box, face.confidence, {**face.landmarks, "nose": (x + shift, y)})
    assert turned_by(face) == pytest.approx(expected)


def test_what_is_wrong_with_a_face_is_told_in_words() -> None:
    blocks = np.kron(np.random.default_rng(7).choice([70, 180], (15, 15)), np.ones((20, 20))).astype(np.uint8)
    drawn = cv2.cvtColor(blocks, cv2.COLOR_GRAY2BGR)
    sharp = quality_of(drawn, face_at(100, 100, side=120))
    assert sharp.complaints == ()
    blurred = quality_of(np.asarray(cv2.GaussianBlur(drawn, (0, 0), 7), np.uint8), face_at(100, 100, side=120))
    assert blurred.complaints == ("is blurred",)
    assert "is too small" in quality_of(drawn, face_at(100, 100, side=17)).complaints
    assert "is too dark or too bright" in quality_of(drawn // 20, face_at(100, 100, side=120)).complaints
    assert blurred.score < sharp.score <= 1


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_an_even_picture_is_of_no_quality_and_no_trouble(colour: int) -> None:
    quality = quality_of(np.full((80, 80, 3), colour, np.uint8), face_at(10, 10))
    assert 0 <= quality.score < 0.5


@pytest.mark.parametrize("side", [30, 120, 700])
def test_a_cutout_holds_the_face_and_is_never_large(side: int) -> None:
    drawn = np.full((900, 900, 3), 90, np.uint8)
    kept = cut_out(drawn, face_at(100, 60, side=side))
    assert max(kept.bgr.shape[:2]) <= 512
    x1, y1, x2, y2 = kept.bbox
    assert 0 <= x1 < x2 <= kept.bgr.shape[1]
    assert 0 <= y1 < y2 <= kept.bgr.shape[0]
    known = detected_in(kept, [])
    assert known.box.as_xyxy() == kept.bbox
    elsewhere, there = face_at(0, 0, side=9), face_at(x1 + 1, y1, side=x2 - x1)
    assert detected_in(kept, [elsewhere, there]) is there
    assert detected_in(kept, [elsewhere]) == known
