"""OpenCV's built-in people detector."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from services.cli.demo.scenes import scene
from services.cli.demo.stage import frames
from services.eye.detector import load_detector
from services.eye.detectors.hog import confidence_of
from shared.domain.box import Box, iou

PHOTO = Path(__file__).resolve().parents[4] / "shared" / "assets" / "images" / "bus.jpg"


def test_it_finds_a_person_in_a_photo_wherever_its_scale():
    if not PHOTO.is_file():
        pytest.skip(f"the photo {PHOTO} is not here")
    photo = cv2.imread(str(PHOTO))
    hog, person = load_detector("hog", None), Box(48, 398, 245, 904)
    for scale in (1.0, 0.5, 2.0):
        picture = cv2.resize(photo, None, fx=scale, fy=scale)
        [found] = hog.detect([np.asarray(picture, np.uint8)])
        assert max(iou(one.box, person.scaled(scale, scale)) for one in found if one.confidence >= 0.5) > 0.4


def test_it_finds_the_drawn_people_where_they_are():
    hog, hits, people = load_detector("hog", None), 0, 0
    for frame in frames(scene("entrance", seconds=20, fps=0.5)):
        truth = [box for box in frame.truth if box.label == "person" and box.visible > 0.97]
        found = hog.detect([frame.image])[0] if truth else []
        people += len(truth)
        hits += sum(any(iou(one.box, person.box) > 0.4 for one in found) for person in truth)
    assert people >= 3
    assert hits >= 0.6 * people


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_plain_wall_is_nobody(colour):
    assert load_detector("hog", None).detect([np.full((480, 640, 3), colour, np.uint8)]) == [[]]


def test_confidence_grows_with_the_distance_from_the_plane_and_stays_a_share():
    values = [confidence_of(weight) for weight in (-1, 0, 0.5, 1, 3, 50)]
    assert values == sorted(values)
    assert 0 < values[0] < values[1] < 0.2
    assert values[3] > 0.7
    assert values[-1] <= 1
