"""Opening a network of either kind, and refusing what is something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared.domain.errors import UserError
from shared.vision.network import open_network
from shared.weights.registry import load_registry
from tests.conftest import SHARED

MODELS = SHARED / "assets" / "models"
ENTRY = load_registry()["hand_landmark_lite"]
OUTPUTS = (63, 1, 1, 63)
TFLITE, ONNX = MODELS / ENTRY.file, MODELS / "hand_landmark_lite.converted.onnx"

there = pytest.mark.skipif(not TFLITE.is_file() or not ONNX.is_file(), reason=f"the weights are not here: {MODELS}")


@there
def test_both_kinds_of_file_give_the_same_answer() -> None:
    picture = np.random.default_rng(1).random((1, 224, 224, 3), np.float32)
    one, other = (open_network(ENTRY, path, threads=1, outputs=OUTPUTS).run(picture) for path in (TFLITE, ONNX))
    for a, b in zip(one, other, strict=True):
        assert a.reshape(-1) == pytest.approx(b.reshape(-1), abs=0.05)


@there
def test_a_network_of_another_layout_is_refused() -> None:
    with pytest.raises(UserError, match="gives outputs of"):
        open_network(ENTRY, TFLITE, threads=1, outputs=(99,))
    assert ENTRY.input is not None
    larger = replace(ENTRY, input=replace(ENTRY.input, width=256))
    with pytest.raises(UserError, match="takes"):
        open_network(larger, TFLITE, threads=1, outputs=OUTPUTS)


@pytest.mark.parametrize("suffix", ["tflite", "onnx"])
def test_a_file_that_is_missing_or_broken_is_refused_with_the_remedy(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model.{suffix}"
    with pytest.raises(UserError, match="is not there"):
        open_network(ENTRY, path, threads=1, outputs=OUTPUTS)
    path.write_bytes(b"no model" * 100)
    with pytest.raises(UserError, match="cannot be loaded"):
        open_network(ENTRY, path, threads=1, outputs=OUTPUTS)
