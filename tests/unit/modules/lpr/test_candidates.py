"""Which lines of text may stand on a plate."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from services.modules.specialists.lpr.candidates import promising
from services.modules.specialists.lpr.text_lines import TextLine


def line(tilt, *, at=(320, 240), width=120, height=30):
    """A line whose right end is lower than its left one when `tilt`, in degrees, is positive."""
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]], np.float32) / 2
    turned = cv2.transform(corners[None], cv2.getRotationMatrix2D((0, 0), -tilt, 1.0)[:, :2])[0]
    return TextLine((turned + np.array(at)).astype(np.float32), 0.9)


@pytest.mark.parametrize(("tilt", "wanted"), [(0, True), (20, True), (-20, True), (36, False), (-36, False)])
def test_what_runs_steeply_up_or_down_is_no_plate(tilt, wanted):
    found = promising([line(tilt)], size=(640, 480), min_width_px=32, limit=5)
    assert bool(found) is wanted


def test_what_goes_on_outside_the_picture_is_left_out():
    inside, outside = line(0), line(0, at=(610, 240))
    assert promising([outside, inside], size=(640, 480), min_width_px=32, limit=5) == [inside]
