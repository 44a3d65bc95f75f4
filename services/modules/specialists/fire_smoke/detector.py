"""Weights that find fire and smoke on a picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.evidence import Evidence
from shared.domain.detection import Detection
from shared.domain.errors import UserError
from shared.domain.vocabulary import FireSign
from shared.vision.model import yolo_spec
from shared.vision.onnx_yolo import OnnxYolo
from shared.weights.store import WeightsStore

_LABELS: Final[dict[str, FireSign]] = {"fire": "fire", "flame": "fire", "flames": "fire", "smoke": "smoke"}
_LOOKS: Final = 4
_FIELD: Final = "modules.specialists.fire_smoke.detector"


class FireDetector:
    """A YOLO model with labels `fire` and `smoke`, or one of them. Owned by one thread."""

    def __init__(self, model: OnnxYolo) -> None:
        self._model = model

    def look(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Evidence]:
        """What it sees on a few pictures (spread over the burst, the last among them): sure of what is on half."""
        looks = sorted({round(place) for place in np.linspace(len(pictures) - 1, 0, min(_LOOKS, len(pictures)))})
        seen: dict[FireSign, list[tuple[int, Detection]]] = defaultdict(list)
        for place, found in zip(looks, self._model.detect([pictures[place] for place in looks]), strict=True):
            for one in found:
                if one.label.lower() in _LABELS:
                    seen[_LABELS[one.label.lower()]].append((place, one))
        told = []
        for label, sightings in seen.items():
            latest = max(place for place, _ in sightings)
            sure = 2 * len({place for place, _ in sightings}) >= len(looks)
            told += [
                Evidence(label, one.confidence if sure else one.confidence / 2, one.box, place, sure=sure)
                for place, one in sightings
                if place == latest
            ]
        return told

    def close(self) -> None:
        self._model.close()


def open_detector(name: str, weights: WeightsStore, *, least: float, threads: int) -> FireDetector | None:
    """The detector of that name in the registry, None for no name.

    Raises `UserError` when it is not there, is no YOLO detector, or finds neither fire nor smoke.
    """
    if not name:
        return None
    spec = yolo_spec(weights.registry[name], weights.weights_path(name), confidence=least, field=_FIELD)
    if not any(label.lower() in _LABELS for label in spec.labels):
        raise UserError(_FIELD, f"{name} finds neither fire nor smoke", remedy="name weights with these labels")
    return FireDetector(OnnxYolo(spec, threads=threads, max_batch=1))
