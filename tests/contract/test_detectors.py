"""What every detector keeps to, whatever computes inside.

TensorRT runs on a GPU of numpy where it is not installed: its packages are stood in for, not the detector.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from services.cli.demo.scenes import scene
from services.cli.demo.stage import frames
from services.eye.detector import Detector, load_detector
from services.eye.detectors import CATALOGUE
from shared.domain.errors import UserError
from tests.unit.eye.fake_gpu import FakeCuda, FakeTensorRt
from tests.unit.eye.models import a_model, filled


@pytest.fixture(params=sorted(CATALOGUE))
def detector(request: pytest.FixtureRequest, tmp_path, monkeypatch) -> Iterator[Detector]:
    if request.param == "tensorrt" and importlib.util.find_spec("tensorrt") is None:
        cuda = FakeCuda()
        monkeypatch.setitem(sys.modules, "pycuda.driver", cuda)
        monkeypatch.setitem(sys.modules, "tensorrt", FakeTensorRt(cuda))
    opened = load_detector(request.param, a_model(tmp_path))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def street() -> np.ndarray:
    """A drawn picture with people in it."""
    return max(frames(scene("entrance", seconds=20, fps=0.5)), key=lambda frame: len(frame.truth)).image


def test_no_pictures_give_no_detections(detector):
    assert detector.detect([]) == []


def test_each_picture_has_its_own_list_in_order(detector, street):
    black = np.zeros((480, 640, 3), np.uint8)
    together = detector.detect([street, black, filled(250, 0, 0), street])
    assert len(together) == 4
    assert together == [detector.detect([picture])[0] for picture in (street, black, filled(250, 0, 0), street)]


def test_boxes_lie_in_the_picture_and_confidences_are_shares(detector, street):
    height, width = street.shape[:2]
    for one in detector.detect([street])[0]:
        assert one.label in detector.labels
        assert 0 < one.confidence <= 1
        assert 0 <= one.box.x1 < one.box.x2 <= width
        assert 0 <= one.box.y1 < one.box.y2 <= height
        assert all(type(value) is float for value in (*one.box.as_xyxy(), one.confidence))


def test_the_best_comes_first(detector, street):
    confidences = [one.confidence for one in detector.detect([street])[0]]
    assert confidences == sorted(confidences, reverse=True)


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (1, 2000), (2000, 1), (63, 127), (7680, 4320)],
    ids=str,
)
def test_a_picture_of_any_size_is_looked_at(detector, width, height):
    [found] = detector.detect([np.zeros((height, width, 3), np.uint8)])
    assert isinstance(found, list)


def test_a_picture_that_is_a_part_of_another_is_looked_at(detector, street):
    part = street[10:-10, 20:-20]
    assert not part.flags.c_contiguous
    assert detector.detect([part]) == detector.detect([np.ascontiguousarray(part)])


def test_the_picture_is_left_as_it_was(detector, street):
    before = street.copy()
    detector.detect([street])
    assert (street == before).all()


def test_its_name_says_backend_and_model(detector):
    backend, _, model = detector.name.partition(":")
    assert backend in CATALOGUE
    assert model


def test_closing_twice_does_nothing(detector):
    detector.close()
    detector.close()


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_an_unknown_setting_is_refused(name, tmp_path):
    with pytest.raises(UserError, match=f"eye.detectors.{name}.nonsense"):
        load_detector(name, a_model(tmp_path), settings={"nonsense": 1})
