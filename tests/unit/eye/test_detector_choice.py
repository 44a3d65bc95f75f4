"""Which detector is used where several could be."""

from __future__ import annotations

import pytest

from services.eye.detector import load_best_detector, load_detector
from shared.domain.errors import UserError
from tests.unit.eye.models import a_model


def test_without_weights_people_are_still_found_by_hog_and_the_reasons_are_told():
    skipped: dict[str, str] = {}
    detector = load_best_detector(None, on_skip=lambda name, reason: skipped.update({name: str(reason)}))
    assert detector.name == "hog:opencv"
    assert list(skipped) == ["tensorrt", "onnx"]
    assert "argus models pull" in skipped["onnx"]


def test_with_weights_the_model_is_used(tmp_path):
    detector = load_best_detector(a_model(tmp_path))
    assert detector.name in ("onnx:tiny", "tensorrt:tiny")
    detector.close()


def test_broken_weights_fall_back_too(tmp_path):
    spec = a_model(tmp_path)
    spec.path.write_bytes(b"half a download")
    assert load_best_detector(spec).name == "hog:opencv"


def test_each_backend_gets_its_own_settings(tmp_path):
    detector = load_best_detector(a_model(tmp_path), settings={"onnx": {"threads": 1}, "hog": {}})
    detector.close()
    with pytest.raises(UserError, match=r"eye\.detectors\.onnx\.thread: .*'threads'"):
        load_detector("onnx", a_model(tmp_path), settings={"thread": 1})


def test_an_unknown_backend_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match="did you mean 'onnx'"):
        load_detector("onx", None)
