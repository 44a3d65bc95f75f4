"""Boxes and how much they overlap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.box import Box, iou

side = st.floats(-1e4, 1e4)
boxes = st.builds(Box, side, side, side, side)


@given(boxes, boxes)
def test_the_overlap_is_a_share_and_does_not_depend_on_the_order(a: Box, b: Box) -> None:
    assert 0.0 <= iou(a, b) <= 1.0
    assert iou(a, b) == pytest.approx(iou(b, a))


@given(boxes)
def test_a_box_overlaps_itself_wholly_unless_it_is_empty(box: Box) -> None:
    assert iou(box, box) == pytest.approx(1.0 if box.area > 0 else 0.0)


@given(boxes, st.floats(0.01, 100.0))
def test_scale_does_not_change_the_overlap(box: Box, factor: float) -> None:
    moved = Box(box.x1 + 10, box.y1 + 10, box.x2 + 10, box.y2 + 10)
    if min(box.width, box.height) > 0.1:
        assert iou(box.scaled(factor, factor), moved.scaled(factor, factor)) == pytest.approx(iou(box, moved), abs=1e-6)


@pytest.mark.parametrize(
    ("a", "b", "share"),
    [
        (Box(0, 0, 2, 2), Box(1, 0, 3, 2), 1 / 3),
        (Box(0, 0, 2, 2), Box(2, 0, 4, 2), 0.0),
        (Box(0, 0, 4, 4), Box(1, 1, 3, 3), 0.25),
        (Box(2, 2, 0, 0), Box(0, 0, 2, 2), 0.0),
        (Box(0, 0, 1e-200, 1e-200), Box(0, 0, 1e-200, 1e-200), 0.0),
    ],
)
def test_known_overlaps(a: Box, b: Box, share: float) -> None:
    assert iou(a, b) == pytest.approx(share)


@given(boxes, st.floats(1, 4000), st.floats(1, 4000))
def test_a_clipped_box_lies_in_the_picture(box: Box, width: float, height: float) -> None:
    clipped = box.clipped(width, height)
    assert all(0 <= x <= width for x in (clipped.x1, clipped.x2))
    assert all(0 <= y <= height for y in (clipped.y1, clipped.y2))


def test_an_object_stands_at_the_middle_of_its_lower_edge() -> None:
    assert Box(10, 20, 30, 60).bottom_centre == (20, 60)
