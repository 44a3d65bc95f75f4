"""Models converted to half precision for compilers that take a network's types as they are."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from services.eye.detector import load_detector
from services.eye.half_precision import NotHalved, half_model
from services.eye.tensorrt_engine import Build, Engine
from shared.domain.box import iou
from shared.vision.model import ModelSpec
from shared.vision.yolo import YoloEnds
from shared.weights.labels import LABEL_SETS
from tests.unit.eye.fake_gpu import FakeCuda, FakeTensorRt
from tests.unit.eye.models import a_model, filled

ASSETS = Path(__file__).resolve().parents[4] / "shared" / "assets"
HALF = onnx.TensorProto.FLOAT16


def weight_types(model: Path) -> set[int]:
    """The types of the weights, but for whole numbers (shapes) and single ones (scales)."""
    graph = onnx.load(str(model)).graph
    return {weights.data_type for weights in graph.initializer if weights.data_type != onnx.TensorProto.INT64}


def asset(*parts: str) -> Path:
    path = ASSETS.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return path


def test_the_default_model_in_halves_sees_what_it_sees_in_full(tmp_path):
    full = asset("models", "yolox_nano.onnx")
    pictures = [np.asarray(cv2.imread(str(asset("images", name))), np.uint8) for name in ("bus.jpg", "zidane.jpg")]
    half = half_model(full, tmp_path)
    assert half.stat().st_size < 0.55 * full.stat().st_size
    expected, found = (
        load_detector("onnx", ModelSpec("m", path, "yolox", (416, 416), LABEL_SETS["coco80"], confidence=0.3)).detect(
            pictures
        )
        for path in (full, half)
    )
    assert [len(one) for one in expected] == [len(one) for one in found]
    assert sum(len(one) for one in expected) >= 5
    for wanted, had in zip(chain(*expected), chain(*found), strict=True):
        assert wanted.label == had.label
        assert had.confidence == pytest.approx(wanted.confidence, abs=0.02)
        assert iou(wanted.box, had.box) > 0.97


def test_a_quantized_model_is_left_alone(tmp_path):
    with pytest.raises(NotHalved, match="quantized"):
        half_model(asset("models", "yolov8n_int8.onnx"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_model_in_halves_is_not_converted_again(tmp_path):
    half = half_model(a_model(tmp_path).path, tmp_path)
    assert weight_types(half) == {HALF}
    with pytest.raises(NotHalved, match="no float32 weights"):
        half_model(half, tmp_path)


def test_what_is_no_model_is_refused_in_one_line(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(NotHalved) as refusal:
        half_model(path, tmp_path)
    assert len(str(refusal.value).splitlines()) == 1


def test_the_conversion_is_done_once_per_content(tmp_path):
    spec = a_model(tmp_path)
    first = half_model(spec.path, tmp_path / "engines")
    made_ns = first.stat().st_mtime_ns
    assert half_model(spec.path, tmp_path / "engines") == first
    assert first.stat().st_mtime_ns == made_ns
    spec.path.write_bytes(spec.path.read_bytes() + b"\x1a\x01x")  # a producer's name: another content
    assert half_model(spec.path, tmp_path / "engines") != first


@pytest.mark.parametrize("fp16", [True, False], ids=["wanted", "not wanted"])
def test_where_tensorrt_has_no_flag_for_it_the_engine_is_built_of_a_converted_model(tmp_path, fp16):
    cuda, spec = FakeCuda(), a_model(tmp_path)
    trt = FakeTensorRt(cuda, version="11.4.0", half=False)
    build = Build(spec.name, spec.path, tmp_path / "engines", spec.input_size, 2, fp16, 64)
    for _ in range(2):
        engine = Engine(trt, cuda, build=build, gpu=0)
        ends = YoloEnds(spec)
        ends.check_output(engine.output_shape)
        found = ends.detect([filled(250, 0, 0)], tensor=engine.tensor, run=engine.run)
        assert [one.label for one in found[0]] == ["blue thing"]
        engine.close()
    assert trt.builds == 1
    assert [weight_types(path) for path in build.folder.glob("*.onnx")] == ([{HALF}] if fp16 else [])
    [compiled] = build.folder.glob("*.engine")
    assert ("fp16" in compiled.name) is fp16


def test_a_model_that_cannot_be_converted_is_compiled_in_its_own_types(tmp_path):
    cuda, spec = FakeCuda(), a_model(tmp_path)
    trt = FakeTensorRt(cuda, version="11.4.0", half=False)
    folder = tmp_path / "engines"
    folder.write_text("a file where the folder should be")
    Engine(trt, cuda, build=Build(spec.name, spec.path, folder, spec.input_size, 2, True, 64), gpu=0).close()
    assert trt.builds == 1
    assert cuda.live == 0
