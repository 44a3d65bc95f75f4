"""P5: the eye's detector against the bare model."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import av
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from bench import footage
from bench.detector import bench_detector, bench_spec
from bench.row import Row
from shared.vision.model import ModelSpec
from shared.vision.yolo import YoloEnds

_RUNS = 7
_FRAMES = 48
_WHAT, _GOAL = "eye frames/s with the default model", "≥ 0.85"

Picture = NDArray[np.uint8]
Tensor = NDArray[np.float32]


def p5_frames_per_second() -> Row:
    """Pictures in, detections out, against a session's own `run` over tensors made before."""
    spec = bench_spec()
    if spec is None:
        return Row("P5", _WHAT, _GOAL, note="needs the default weights: argus models pull --default")
    detector, run = bench_detector(), _bare(spec)
    pictures = _pictures()
    tensors = [_tensor(spec, picture) for picture in pictures]
    ours, bare = [], []
    for _ in range(_RUNS):
        bare.append(_seconds(lambda: [run(tensor) for tensor in tensors]))
        ours.append(_seconds(lambda: [detector.detect([picture]) for picture in pictures]))
    ratio = statistics.median(b / a for a, b in zip(ours, bare, strict=True))
    return Row(
        "P5",
        _WHAT,
        _GOAL,
        ours=f"{len(pictures) / statistics.median(ours):.1f}/s",
        reference=f"{len(pictures) / statistics.median(bare):.1f}/s bare session.run",
        ratio=f"{ratio:.3f}",
        met=ratio >= 0.85,
        figures={"ratio": ratio},
    )


def inference_ms() -> float | None:
    """One bare run of the default model, median, milliseconds; None without its weights."""
    spec = bench_spec()
    if spec is None:
        return None
    run = _bare(spec)
    tensors = [_tensor(spec, picture) for picture in _pictures()[:8]] * 4
    times = [_seconds(lambda tensor=tensor: run(tensor)) for tensor in tensors]  # type: ignore[misc]
    return statistics.median(times) * 1000


def _bare(spec: ModelSpec) -> Callable[[Tensor], object]:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(str(spec.path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda tensor: session.run(None, {name: tensor})


def _tensor(spec: ModelSpec, picture: Picture) -> Tensor:
    width, height = spec.input_size
    tensor = np.zeros((1, 3, height, width), np.float32)
    YoloEnds(spec).write([picture], tensor)
    return tensor


def _pictures() -> list[Picture]:
    """Frames at the size the eye decodes them to."""
    with av.open(str(footage.active_clip())) as container:
        frames = [
            np.asarray(frame.to_ndarray(format="bgr24", width=480, height=270), np.uint8)
            for index, frame in enumerate(container.decode(video=0))
            if index % 8 == 0
        ]
    return frames[:_FRAMES]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
