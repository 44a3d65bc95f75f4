"""The detector of equipment: opened, and made sure that it sees anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.ppe.equipment import known
from shared.domain.errors import UserError
from shared.vision.model import ModelSpec, yolo_spec
from shared.vision.onnx_yolo import OnnxYolo
from shared.weights.store import WeightsStore

FIELD: Final = "modules.specialists.ppe.detector"
_REMEDY: Final = "name weights that know protective equipment in modules.specialists.ppe.detector (its page says how)"
_LEAST_SCORE = 1e-4
_PROBE_SIDE = 320


def open_equipment(name: str, store: WeightsStore, *, confidence: float, threads: int) -> OnnxYolo:
    """The detector called `name`. Raises `UserError` when there is none, or one that cannot tell equipment."""
    if not name:
        raise UserError("module ppe", "needs a detector: no weights come along that know equipment", remedy=_REMEDY)
    spec = yolo_spec(store.registry[name], store.weights_path(name), confidence=confidence, field=FIELD)
    if not known(spec.labels).items:
        shown = ", ".join(spec.labels)[:120]
        raise UserError(FIELD, f"{name} knows no protective equipment, only: {shown}", remedy=_REMEDY)
    check_sight(spec, threads=threads)
    return OnnxYolo(spec, provider="cpu", threads=threads, max_batch=1)


def open_persons(name: str, path: Path, store: WeightsStore, *, confidence: float, threads: int) -> OnnxYolo:
    """The detector of people in the file at `path`. Raises `UserError`."""
    spec = yolo_spec(store.registry[name], path, confidence=confidence, field="modules.specialists.ppe.persons")
    return OnnxYolo(spec, provider="cpu", threads=threads, max_batch=1)


def check_sight(spec: ModelSpec, *, threads: int = 1) -> None:
    """Raise `UserError` for weights that load and are blind.

    A sound network gives some score to anything, if a tiny one; one that was spoilt while it was made smaller (such
    as by quantising boxes and scores with one scale) gives exactly none to whatever it is shown.
    """
    eager = OnnxYolo(replace(spec, confidence=_LEAST_SCORE), provider="cpu", threads=threads, max_batch=1)
    try:
        sees = any(eager.detect([picture])[0] for picture in _probes())
    finally:
        eager.close()
    if not sees:
        raise UserError(
            FIELD,
            f"{spec.name} is blind: it gives no score to anything, so it would take everybody for unequipped",
            remedy="export the weights again, in 32 bits or with the scores left out of the quantisation",
        )


def _probes() -> list[NDArray[np.uint8]]:
    """Noise, fine and coarse, and a drawn figure with a helmet and a vest; BGR."""
    random = np.random.default_rng(0)
    side = _PROBE_SIDE
    fine = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
    patches = random.integers(0, 256, (12, 12, 3), dtype=np.uint8)
    coarse = np.asarray(cv2.resize(patches, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
    figure = np.full((side, side, 3), (200, 190, 170), np.uint8)
    cv2.rectangle(figure, (120, 90), (200, 200), (0, 140, 255), -1)
    for left in (125, 165):
        cv2.rectangle(figure, (left, 200), (left + 30, 310), (90, 40, 30), -1)
    cv2.circle(figure, (160, 62), 24, (150, 180, 220), -1)
    cv2.ellipse(figure, (160, 55), (30, 24), 0, 180, 360, (0, 220, 255), -1)
    return [figure, coarse, fine]
