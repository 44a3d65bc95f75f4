"""`vehicle`: type and colour of vehicles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from services.modules.specialists.vehicle.colours import named, voted
from services.modules.specialists.vehicle.paint import look_at_paint
from services.modules.specialists.vehicle.settings import VehicleSettings
from services.modules.specialists.vehicle.types import decided, looked_at, scores, vehicle_boxes
from shared.domain.box import Box
from shared.domain.vocabulary import UNSURE, VEHICLE_TYPES
from shared.vision.model import yolo_spec
from shared.vision.onnx_yolo import OnnxYolo
from shared.vision.pictures import cut
from shared.weights.condition import Condition

_MOST_PICTURES = 5
# On a whole scene any box must be a vehicle; on the picture of one there is one.
_SEEN, _SEEN_ON_CROP = 0.35, 0.2
_LEAST = 0.05
_LABEL_CERTAINTY = 0.9
_UNSEEN_WEIGHT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One vehicle on one picture: its box there in whole pixels, its chances of types and of colours."""

    box: tuple[int, int, int, int]
    types: Mapping[str, float]
    colours: Mapping[str, float]
    coloured: bool

    @property
    def area(self) -> int:
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


class Vehicle:
    """Names what it can tell, over all pictures of one vehicle or for each on a scene."""

    manifest: ClassVar[Manifest] = Manifest(
        name="vehicle",
        version="1",
        summary="tells the type and the colour of vehicles",
        scopes=frozenset({"object", "scene"}),
        labels=frozenset(VEHICLE_TYPES),
        weights=("yolox_nano",),
        max_pictures=_MOST_PICTURES,
        cost_ms=35,
    )
    settings_type: ClassVar[type[VehicleSettings]] = VehicleSettings

    def __init__(self, detector: OnnxYolo | None, settings: VehicleSettings) -> None:
        self._detector = detector
        self._settings = settings

    @classmethod
    def open(cls, options: VehicleSettings, tools: Tools) -> Self:
        name = options.detector
        default = VehicleSettings.model_fields["detector"].default
        if not name or (name == default and tools.weights.verify(name) is not Condition.OK):
            return cls(None, options)
        weights, path = tools.weights.registry[name], tools.weights.weights_path(name)
        spec = yolo_spec(weights, path, confidence=_LEAST, field="modules.specialists.vehicle.detector")
        return cls(OnnxYolo(spec, provider="cpu", threads=tools.threads, max_batch=1), options)

    def examine(self, case: Case) -> Finding:
        label = case.label if case.label in VEHICLE_TYPES else None
        if case.scope == "scene" and case.pictures[-1].subject is None:
            picture = case.pictures[-1]
            boxes = self._vehicles(picture.bgr, least=_SEEN)
            looks = [self._look(picture.bgr, box, needs_type=True) for box in boxes]
            return Finding({"vehicles": [self._told([look], None) for look in looks if look is not None]})
        found = []
        pictures = case.pictures[-_MOST_PICTURES:]
        for number, picture in enumerate(pictures):
            found.append(self._look(picture.bgr, self._subject(picture), needs_type=label is None))
            case.progress((number + 1) / len(pictures))
        seen = [look for look in found if look is not None]
        return Finding({"vehicles": [self._told(seen, label)] if seen else []})

    def close(self) -> None:
        if self._detector is not None:
            self._detector.close()

    def _vehicles(self, picture: NDArray[np.uint8], *, least: float) -> list[Box]:
        if self._detector is None:
            return []
        found = self._detector.detect([picture])[0]
        return vehicle_boxes(found, least_confidence=least, most=self._settings.most_vehicles)

    def _subject(self, picture: Picture) -> Box:
        """Where the vehicle is; a picture without a subject is a crop of it, wide or close."""
        if picture.subject is not None:
            return picture.subject
        height, width = picture.bgr.shape[:2]
        return next(iter(self._vehicles(picture.bgr, least=_SEEN_ON_CROP)), Box(0, 0, width, height))

    def _look(self, picture: NDArray[np.uint8], box: Box, *, needs_type: bool) -> Look | None:
        part, (left, top) = cut(picture, box)
        height, width = part.shape[:2]
        if min(height, width) < self._settings.min_side_px:
            return None
        paint = look_at_paint(part)
        types = self._types(part) if needs_type else {}
        return Look((left, top, left + width, top + height), types, named(paint), paint.seen)

    def _types(self, vehicle: NDArray[np.uint8]) -> Mapping[str, float]:
        if self._detector is None:
            return {}
        pictures, sizes = looked_at(np.ascontiguousarray(vehicle))
        return scores(self._detector.detect(pictures), sizes)

    def _told(self, looks: Sequence[Look], label: str | None) -> dict[str, Any]:
        """What several looks at one vehicle say together, each by its size."""
        largest = max(looks, key=lambda look: look.area)
        kind, certainty = (label, _LABEL_CERTAINTY) if label is not None else _type_of(looks)
        if certainty < self._settings.min_type_confidence:
            kind = UNSURE
        votes = [(look.colours, look.area if look.coloured else _UNSEEN_WEIGHT) for look in looks]
        (first, sure), (second, next_sure) = voted(votes)[:2]
        seen = any(look.coloured for look in looks)
        known = seen and sure >= self._settings.min_colour_confidence
        guesses = [{"color": first, "confidence": round(sure, 3)}, {"color": second, "confidence": round(next_sure, 3)}]
        return {
            "bbox": list(largest.box),
            "type": kind,
            "type_confidence": round(certainty, 3),
            "color": first if known else UNSURE,
            "color_confidence": round(sure, 3) if seen else 0.0,
            "color_guesses": guesses if seen else [],
            "make": None,
            "confidence": round(certainty, 3),
            "pictures": len(looks),
        }


def _type_of(looks: Sequence[Look]) -> tuple[str, float]:
    total = sum(look.area for look in looks)
    chances = {name: sum(look.types.get(name, 0.0) * look.area for look in looks) / total for name in VEHICLE_TYPES}
    kind, certainty = decided(chances)
    return kind, min(certainty, 1.0)
