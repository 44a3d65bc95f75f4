"""The TensorRT backend as far as it goes without a GPU: a clear refusal, and the engine on a GPU of numpy."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from services.eye.detector import load_detector
from services.eye.engine_cache import engine_path
from services.eye.tensorrt_engine import Build, Engine
from shared.domain.errors import UserError
from shared.vision.model import ModelSpec
from shared.vision.yolo import YoloEnds
from tests.unit.eye.fake_gpu import FakeCuda, FakeTensorRt
from tests.unit.eye.models import SIDE, a_model, filled


def a_build(spec: ModelSpec, *, max_batch: int = 2, fp16: bool = True) -> Build:
    return Build(
        model=spec.name,
        onnx=spec.path,
        folder=spec.path.parent / "engines",
        input_size=spec.input_size,
        max_batch=max_batch,
        fp16=fp16,
        workspace_mib=64,
    )


def test_without_tensorrt_the_refusal_names_the_extra(tmp_path):
    if importlib.util.find_spec("tensorrt") is not None:
        pytest.skip("tensorrt is installed here")
    with pytest.raises(UserError, match=r"argus\[tensorrt\].*uv sync --extra tensorrt"):
        load_detector("tensorrt", a_model(tmp_path))


def test_nothing_of_tensorrt_is_imported_unless_it_is_selected():
    program = (
        "import sys, services.eye.detector, services.eye.detectors.tensorrt;"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('tensorrt', 'pycuda', 'onnx')))"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("cuda", "gpu", "complaint"),
    [(FakeCuda(broken=True), 0, "no NVIDIA GPU can be used"), (FakeCuda(gpus=1), 1, "there is no GPU 1, only 1")],
)
def test_a_gpu_that_is_not_there_is_said_in_one_line(tmp_path, cuda, gpu, complaint):
    with pytest.raises(UserError, match=complaint):
        Engine(FakeTensorRt(cuda), cuda, build=a_build(a_model(tmp_path)), gpu=gpu)


@pytest.mark.parametrize("batch", ["batch", 1, 3], ids=["dynamic", "one at a time", "three at a time"])
def test_each_picture_of_a_batch_gets_its_own_detections(tmp_path, batch):
    cuda, spec = FakeCuda(), a_model(tmp_path, batch=batch)
    engine = Engine(FakeTensorRt(cuda), cuda, build=a_build(spec), gpu=0)
    ends = YoloEnds(spec)
    ends.check_output(engine.output_shape)
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 0), (250, 0, 0), (0, 250, 0)]
    found = ends.detect([filled(*colour) for colour in colours], tensor=engine.tensor, run=engine.run)
    assert [[d.label for d in one] for one in found] == [
        ["blue thing"],
        ["green thing"],
        [],
        ["blue thing"],
        ["green thing"],
    ]
    engine.close()
    assert cuda.live == 0
    assert not cuda.current


def test_an_engine_is_built_once_and_then_taken_from_the_cache(tmp_path):
    cuda, build = FakeCuda(), a_build(a_model(tmp_path))
    trt = FakeTensorRt(cuda)
    for _ in range(2):
        Engine(trt, cuda, build=build, gpu=0).close()
    assert trt.builds == 1


@pytest.mark.parametrize("content", [b"", b"an engine of another world"])
def test_a_cached_engine_that_cannot_be_loaded_is_built_again(tmp_path, content):
    cuda, build = FakeCuda(), a_build(a_model(tmp_path))
    trt = FakeTensorRt(cuda)
    Engine(trt, cuda, build=build, gpu=0).close()
    [cached] = build.folder.iterdir()
    cached.write_bytes(content)
    Engine(trt, cuda, build=build, gpu=0).close()
    assert trt.builds == 2


@pytest.mark.parametrize(
    ("half", "fp16", "flags"),
    [(True, True, ["fp16", "profile"]), (True, False, ["profile"]), (False, True, ["profile"])],
    ids=["10 and wanted", "10 and not wanted", "11 has no such flag"],
)
def test_half_precision_is_asked_for_where_there_is_such_a_thing(tmp_path, half, fp16, flags):
    cuda = FakeCuda()
    trt = FakeTensorRt(cuda, half=half)
    Engine(trt, cuda, build=a_build(a_model(tmp_path), fp16=fp16), gpu=0).close()
    assert trt.flags == flags


def test_a_model_that_tensorrt_cannot_read_is_refused_and_nothing_is_left_open(tmp_path):
    cuda, spec = FakeCuda(), a_model(tmp_path)
    spec.path.write_bytes(b"not a model")
    with pytest.raises(UserError, match="unsupported operator"):
        Engine(FakeTensorRt(cuda), cuda, build=a_build(spec), gpu=0)
    assert cuda.live == 0
    assert not cuda.current


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(tmp_path):
    cuda, build = FakeCuda(), a_build(a_model(tmp_path))
    build.folder.write_text("a file where the folder should be")
    engine = Engine(FakeTensorRt(cuda), cuda, build=build, gpu=0)
    assert engine.tensor.shape == (2, 3, SIDE, SIDE)
    engine.close()


def test_engines_are_told_apart_by_model_gpu_version_and_way_of_building(tmp_path):
    spec = a_model(tmp_path)

    def path(**changes: str) -> str:
        known = {"gpu": "NVIDIA A2", "version": "10.7.0", "variant": "fp16-b8"} | changes
        return engine_path(tmp_path, model=spec.path, **known).name

    first = path()
    assert first.startswith("tiny_")
    assert first.endswith("_nvidia-a2_trt10.7.0_fp16-b8.engine")
    others = [path(gpu="NVIDIA T4"), path(version="11.4.0"), path(variant="own-b8")]
    spec.path.write_bytes(spec.path.read_bytes() + b"\x00")
    others.append(path())
    assert len({first, *others}) == 5
    assert np.array([len(name) < 200 for name in others]).all()
