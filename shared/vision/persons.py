"""Persons in a whole picture, by a detector's weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box
from shared.vision.model import yolo_spec
from shared.vision.onnx_yolo import OnnxYolo
from shared.weights.store import WeightsStore

DETECTOR: Final = "yolox_nano"

_PERSON: Final = "person"


@dataclass(frozen=True, slots=True)
class Person:
    """A person's box in pixels of the picture, and how sure the detector is (0..1)."""

    box: Box
    confidence: float


class PersonFinder:
    """Owned by one thread."""

    def __init__(self, detector: OnnxYolo) -> None:
        self._detector = detector

    def find(self, picture: NDArray[np.uint8], *, at_most: int) -> list[Person]:
        """A BGR picture → its persons, the largest first, at most so many; blocks."""
        found = [Person(one.box, one.confidence) for one in self._detector.detect([picture])[0] if one.label == _PERSON]
        return sorted(found, key=lambda person: -person.box.area)[:at_most]

    def close(self) -> None:
        self._detector.close()


def open_person_finder(
    store: WeightsStore, *, name: str = DETECTOR, confidence: float, threads: int, field: str
) -> PersonFinder:
    """Open the detector's weights called `name`; `field` is the setting that names them.

    Raises `UserError` when they are not here or are no detector.
    """
    spec = yolo_spec(store.registry[name], store.weights_path(name), confidence=confidence, field=field)
    return PersonFinder(OnnxYolo(spec, provider="cpu", threads=threads, max_batch=1))
