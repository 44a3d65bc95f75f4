"""A detector's model so small that what it must answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shared.vision.model import ModelSpec
from tests.unit.eye.tiny_onnx import write_colour_model

LABELS = ("blue thing", "green thing")
SIDE = 32
ANCHORS = 16 + 4 + 1


def a_model(folder: Path, *, batch: int | str = "batch", outputs: int = 1) -> ModelSpec:
    """In a blue picture it sees a blue thing in the first cell, in a green one a green thing in the last."""
    weights = np.zeros((3, ANCHORS, 5 + len(LABELS)), np.float32)
    bias = np.zeros((ANCHORS, 5 + len(LABELS)), np.float32)
    bias[:, :2] = 0.5
    weights[0, 0, 4] = weights[1, ANCHORS - 1, 4] = 1 / 255
    bias[0, 5] = bias[ANCHORS - 1, 6] = 1.0
    path = write_colour_model(folder / "tiny.onnx", weights, bias, batch=batch, outputs=outputs)
    return ModelSpec("tiny", path, "yolox", (SIDE, SIDE), LABELS)


def filled(*colour: int, width: int = SIDE, height: int = SIDE) -> np.ndarray:
    """A picture of one colour, BGR."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = colour
    return picture
