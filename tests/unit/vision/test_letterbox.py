"""Fitting pictures into a network's input, and boxes back out of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vision.letterbox import PAD, Letterbox, place


@pytest.mark.parametrize(
    ("picture", "into", "corner", "scale", "left", "top"),
    [
        ((832, 416), (416, 416), "top_left", 0.5, 0, 0),
        ((416, 832), (416, 416), "top_left", 0.5, 0, 0),
        ((832, 416), (416, 416), "centre", 0.5, 0, 104),
        ((416, 832), (416, 416), "centre", 0.5, 104, 0),
        ((100, 100), (416, 416), "centre", 4.16, 0, 0),
        ((1, 1), (416, 416), "top_left", 416.0, 0, 0),
        ((7680, 4320), (416, 416), "top_left", 416 / 7680, 0, 0),
    ],
)
def test_a_picture_is_placed_with_its_proportions(picture, into, corner, scale, left, top):
    placement = place(picture, into, corner=corner)
    assert placement.scale == pytest.approx(scale)
    assert (placement.left, placement.top) == (left, top)


@given(
    width=st.integers(1, 4000),
    height=st.integers(1, 4000),
    corner=st.sampled_from(["top_left", "centre"]),
)
def test_a_box_put_into_the_input_comes_back_where_it_was(width, height, corner):
    placement = place((width, height), (416, 320), corner=corner)
    box = np.array([[0.1 * width, 0.2 * height, 0.9 * width, 0.8 * height]])
    shift = np.array([placement.left, placement.top] * 2)
    back = placement.to_picture((box * placement.scale + shift).astype(np.float32))
    assert back == pytest.approx(box, rel=1e-3, abs=0.05 + 1e-3 / placement.scale)


def test_boxes_are_clipped_to_the_picture():
    placement = place((100, 50), (200, 200), corner="top_left")
    boxes = placement.to_picture(np.array([[-20, -20, 900, 900]], dtype=np.float32))
    assert boxes.tolist() == [[0, 0, 100, 50]]


def test_what_the_picture_leaves_free_is_padded():
    planes = np.zeros((3, 64, 64), np.float32)
    Letterbox((64, 64), corner="top_left", rgb=False, factor=1.0).write(np.full((32, 64, 3), 7, np.uint8), planes)
    assert (planes[:, :32] == 7).all()
    assert (planes[:, 32:] == PAD).all()


def test_a_picture_of_another_shape_leaves_nothing_of_the_one_before():
    letterbox = Letterbox((64, 64), corner="centre", rgb=False, factor=1.0)
    planes = np.zeros((3, 64, 64), np.float32)
    letterbox.write(np.full((64, 32, 3), 200, np.uint8), planes)
    letterbox.write(np.full((32, 64, 3), 7, np.uint8), planes)
    assert (planes[:, 16:48] == 7).all()
    assert (planes[:, :16] == PAD).all()
    assert (planes[:, 48:] == PAD).all()


@pytest.mark.parametrize(
    ("rgb", "factor", "expected"), [(False, 1.0, (10, 20, 30)), (True, 1 / 255, (30 / 255, 20 / 255, 10 / 255))]
)
def test_channels_and_range_are_those_the_model_was_trained_on(rgb, factor, expected):
    picture = np.zeros((48, 96, 3), np.uint8)
    picture[:] = (10, 20, 30)
    planes = np.zeros((3, 32, 32), np.float32)
    Letterbox((32, 32), corner="top_left", rgb=rgb, factor=factor).write(picture, planes)
    assert planes[:, 0, 0] == pytest.approx(expected)
