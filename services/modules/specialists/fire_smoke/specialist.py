"""`fire_smoke`: flames and smoke over a few pictures of one view."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from services.modules.specialists.fire_smoke.burst import Judgement, at_working_size, judge, with_detector
from services.modules.specialists.fire_smoke.detector import FireDetector, open_detector
from services.modules.specialists.fire_smoke.evidence import Evidence
from services.modules.specialists.fire_smoke.settings import FireSmokeSettings
from shared.domain.box import Box
from shared.vision.pictures import cut

_MOST_PICTURES: Final = 16
_MOST_APART_S: Final = 2.5
_AROUND_SUBJECT: Final = 0.25


class FireSmoke:
    """Looks at how colours, shapes and textures behave over the pictures; asks a detector too where one is named."""

    manifest: ClassVar[Manifest] = Manifest(
        name="fire_smoke",
        version="1",
        summary="finds flames and smoke; wants 8 to 16 pictures of one view, 2 to 5 a second",
        scopes=frozenset({"object", "scene"}),
        max_pictures=_MOST_PICTURES,
        cost_ms=50,
    )
    settings_type: ClassVar[type[FireSmokeSettings]] = FireSmokeSettings

    def __init__(self, options: FireSmokeSettings, detector: FireDetector | None) -> None:
        self._options = options
        self._detector = detector

    @classmethod
    def open(cls, options: FireSmokeSettings, tools: Tools) -> Self:
        detector = open_detector(
            options.detector, tools.weights, least=options.detector_confidence, threads=tools.threads
        )
        return cls(options, detector)

    def examine(self, case: Case) -> Finding:
        pictures = case.pictures[-_MOST_PICTURES:]
        parts, corner = _parts(pictures)
        small = [at_working_size(part) for part in parts]
        case.progress(0.1)
        judged = judge([frame for frame, _ in small], self._options, apart=_apart(pictures))
        judged = replace(
            judged,
            found=tuple(_enlarged(one, small[one.frame][1]) for one in judged.found),
            suspected=tuple(_enlarged(one, small[one.frame][1]) for one in judged.suspected),
        )
        case.progress(0.8)
        if self._detector is not None:
            judged = with_detector(judged, self._detector.look(parts))
        return Finding(_results(judged, pictures, corner))

    def close(self) -> None:
        if self._detector is not None:
            self._detector.close()


def _parts(pictures: tuple[Picture, ...]) -> tuple[list[NDArray[np.uint8]], tuple[int, int]]:
    """The same part of every picture where they are of one size: about all the subject covers in any of them."""
    subjects = [one.subject for one in pictures if one.subject is not None]
    if len(subjects) < len(pictures) or len({one.bgr.shape for one in pictures}) > 1:
        return [one.bgr for one in pictures], (0, 0)
    around = Box(
        min(box.x1 for box in subjects),
        min(box.y1 for box in subjects),
        max(box.x2 for box in subjects),
        max(box.y2 for box in subjects),
    )
    corner = cut(pictures[0].bgr, around, margin=_AROUND_SUBJECT)[1]
    parts = [cut(one.bgr, around, margin=_AROUND_SUBJECT)[0] for one in pictures]
    return (parts, corner) if parts[0].size else ([one.bgr for one in pictures], (0, 0))


def _apart(pictures: tuple[Picture, ...]) -> set[int]:
    """Places of pictures that were taken too long after those before them (or before them) to be compared."""
    found = set()
    for place, (before, after) in enumerate(pairwise(pictures), start=1):
        if before.at is not None and after.at is not None:
            seconds = (after.at - before.at).total_seconds()
            if not 0 <= seconds <= _MOST_APART_S:
                found.add(place)
    return found


def _enlarged(one: Evidence, scale: float) -> Evidence:
    return replace(one, box=one.box.scaled(1 / scale, 1 / scale))


def _results(judged: Judgement, pictures: tuple[Picture, ...], corner: tuple[int, int]) -> dict[str, Any]:
    return {
        "detections": [_shown(one, pictures[one.frame], corner) for one in judged.found],
        "status": judged.status,
        "reason": judged.reason,
        "frames": len(pictures),
        "suspected": [_shown(one, pictures[one.frame], corner) for one in judged.suspected],
    }


def _shown(one: Evidence, picture: Picture, corner: tuple[int, int]) -> dict[str, Any]:
    """`frame` is the place of the picture, of those that were looked at, in whose pixels the box is."""
    height, width = picture.bgr.shape[:2]
    left, top = corner
    box = one.box
    placed = Box(box.x1 + left, box.y1 + top, box.x2 + left, box.y2 + top).clipped(width, height)
    return {
        "label": one.label,
        "confidence": round(one.confidence, 3),
        "bbox": [round(side) for side in placed.as_xyxy()],
        "frame": one.frame,
    }
