"""`camera_health`: whether a camera sees what it usually sees."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from services.modules.specialists.camera_health.faults import Fault
from services.modules.specialists.camera_health.judgement import Judgement, glance, judge
from services.modules.specialists.camera_health.look import looked_at
from services.modules.specialists.camera_health.memory import packed, unpacked
from services.modules.specialists.camera_health.settings import CameraHealthSettings

_MOST_PICTURES: Final = 8


class CameraHealth:
    """Compares a burst with what it remembers of the camera's usual views."""

    manifest: ClassVar[Manifest] = Manifest(
        name="camera_health",
        version="1",
        summary="tells when a camera is covered, black, blinded, out of focus, moved or frozen; learns its usual view",
        scopes=frozenset({"scene"}),
        max_pictures=_MOST_PICTURES,
        cost_ms=20,
    )
    settings_type: ClassVar[type[CameraHealthSettings]] = CameraHealthSettings

    def __init__(self, options: CameraHealthSettings) -> None:
        self._options = options

    @classmethod
    def open(cls, options: CameraHealthSettings, tools: Tools) -> Self:
        return cls(options)

    def examine(self, case: Case) -> Finding:
        pictures = case.pictures[-_MOST_PICTURES:]
        look = looked_at([picture.bgr for picture in pictures])
        case.progress(0.6)
        if look is None:
            judged = Judgement("uncertain", "the pictures are too small to tell", (), (), {})
            return Finding(_results(judged, pictures))
        if case.camera is None:
            return Finding(_results(glance(look), pictures))
        memory = unpacked(case.remembered)
        if memory.at is not None and case.at <= memory.at:
            # The same look once more: it must not count twice.
            told = memory.told if case.at == memory.at else _results(glance(look), pictures)
            return Finding(told)
        judged, learnt = judge(look, memory, self._options, at=case.at)
        results = _results(judged, pictures)
        return Finding(results, remember=packed(learnt, told=results))

    def close(self) -> None:
        pass


def _results(judged: Judgement, pictures: tuple[Picture, ...]) -> dict[str, Any]:
    return {
        "detections": [_shown(one, pictures) for one in judged.found],
        "status": judged.status,
        "reason": judged.reason,
        "frames": len(pictures),
        "suspected": [_shown(one, pictures) for one in judged.suspected],
        "measures": judged.measures,
    }


def _shown(one: Fault, pictures: tuple[Picture, ...]) -> dict[str, Any]:
    height, width = pictures[-1].bgr.shape[:2]
    x1, y1, x2, y2 = one.box or (0.0, 0.0, 1.0, 1.0)
    return {
        "label": one.label,
        "confidence": round(min(max(one.confidence, 0.0), 1.0), 3),
        "bbox": [round(x1 * width), round(y1 * height), round(x2 * width), round(y2 * height)],
        "frame": len(pictures) - 1,
        "reason": one.reason,
        "evidence": one.evidence,
    }
