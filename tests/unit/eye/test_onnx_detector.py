"""Models through ONNX Runtime: what is accepted, what is refused, and many pictures at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.eye.detector import load_detector
from shared.domain.errors import UserError
from shared.vision.model import ModelSpec
from shared.vision.onnx import choose_providers
from tests.unit.eye.models import LABELS, SIDE, a_model, filled


@pytest.mark.parametrize("batch", ["batch", 1, 3], ids=["dynamic", "one at a time", "three at a time"])
@pytest.mark.parametrize("pictures", [0, 1, 2, 5])
def test_each_picture_of_a_batch_gets_its_own_detections(tmp_path, batch, pictures):
    detector = load_detector("onnx", a_model(tmp_path, batch=batch), settings={"max_batch": 2})
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 0), (250, 0, 0), (0, 250, 0)][:pictures]
    found = detector.detect([filled(*colour) for colour in colours])
    expected = [["blue thing"], ["green thing"], [], ["blue thing"], ["green thing"]][:pictures]
    assert [[detection.label for detection in one] for one in found] == expected
    detector.close()


def test_boxes_are_in_the_pixels_of_the_picture(tmp_path):
    detector = load_detector("onnx", a_model(tmp_path, batch=1))
    [[blue]] = detector.detect([filled(250, 0, 0, width=320, height=320)])
    # Anchor 0 is centred at (4, 4) of the input and 8 pixels wide; the picture is ten times as large.
    assert blue.box.as_xyxy() == pytest.approx((0, 0, 80, 80), abs=0.01)
    assert blue.confidence == pytest.approx(250 / 255, abs=0.01)
    detector.close()


def test_weak_detections_below_the_floor_are_not_reported(tmp_path):
    detector = load_detector("onnx", a_model(tmp_path))
    assert detector.detect([filled(20, 0, 0)]) == [[]]
    assert len(detector.detect([filled(40, 0, 0)])[0]) == 1
    detector.close()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"layout": "yolov8"}, "is not of layout yolov8"),
        ({"labels": ("one",)}, "for 1 labels"),
        ({"input_size": (64, 64)}, "its input is not one float tensor"),
        ({"layout": "detr"}, "'detr' is not a layout"),
        ({"path": Path("nowhere.onnx")}, "is not there"),
    ],
)
def test_a_model_that_is_not_what_it_is_said_to_be_is_refused(tmp_path, changes, complaint):
    spec = a_model(tmp_path)
    wrong = ModelSpec(**{name: changes.get(name, getattr(spec, name)) for name in ModelSpec.__slots__})
    with pytest.raises(UserError, match=complaint):
        load_detector("onnx", wrong)


def test_a_model_with_two_outputs_is_refused(tmp_path):
    with pytest.raises(UserError, match="one output"):
        load_detector("onnx", a_model(tmp_path, outputs=2))


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08:\x00"])
def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        load_detector("onnx", ModelSpec("broken", path, "yolox", (SIDE, SIDE), LABELS))
    assert "broken.onnx" in str(refusal.value) or "broken" in str(refusal.value)
    assert "\n" not in str(refusal.value)


CPU, CUDA, OPENVINO = "CPUExecutionProvider", "CUDAExecutionProvider", "OpenVINOExecutionProvider"


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        ("auto", ["AzureExecutionProvider", CPU], [CPU]),
        ("auto", [CPU, CUDA], [CUDA, CPU]),
        ("auto", [OPENVINO, CPU], [OPENVINO, CPU]),
        ("cpu", [CUDA, CPU], [CPU]),
        ("cuda", [CPU, CUDA], [CUDA, CPU]),
        ("openvino", [OPENVINO, CPU], [OPENVINO, CPU]),
    ],
)
def test_the_best_provider_there_is_computes(wanted, available, chosen):
    assert choose_providers(wanted, available) == chosen


def test_a_provider_that_is_not_there_is_not_replaced_in_silence():
    with pytest.raises(UserError, match="no cuda"):
        choose_providers("cuda", [CPU])
