"""`bytetrack`: the objects on a picture, under the numbers they have on its camera."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field

from services.modules.specialist import Case, Finding, Manifest, Tools
from services.modules.specialists.bytetrack.present import matched, present_tracks
from shared.domain.detection import Detection
from shared.settings.section import Section
from shared.settings.sections import Words
from shared.vision.model import yolo_spec
from shared.vision.onnx_yolo import OnnxYolo


class BytetrackSettings(Section):
    """`model` are the detector's weights; `labels` empty means people, vehicles and animals.

    A picture is matched with what the camera shows `within_s` seconds around it; boxes are the same object's from
    an overlap of `least_iou` on.
    """

    model: str = "yolox_nano"
    confidence: float = Field(default=0.3, gt=0, le=1)
    labels: Words = (
        "person",
        "bicycle",
        "car",
        "motorcycle",
        "bus",
        "train",
        "truck",
        "boat",
        "bird",
        "cat",
        "dog",
        "horse",
        "sheep",
        "cow",
        "bear",
    )
    within_s: float = Field(default=5.0, gt=0)
    least_iou: float = Field(default=0.3, gt=0, le=1)


class Bytetrack:
    """Detects, and asks what the eye knows of the camera for the numbers."""

    manifest: ClassVar[Manifest] = Manifest(
        name="bytetrack",
        version="1",
        summary="finds people, vehicles and animals, under the numbers their tracks have on the camera",
        scopes=frozenset({"object", "scene"}),
        weights=("yolox_s", "yolox_nano"),
        max_pictures=1,
        cost_ms=30,
    )
    settings_type: ClassVar[type[BytetrackSettings]] = BytetrackSettings

    def __init__(self, detector: OnnxYolo, *, options: BytetrackSettings, tools: Tools) -> None:
        self._detector = detector
        self._options = options
        self._tools = tools

    @classmethod
    def open(cls, options: BytetrackSettings, tools: Tools) -> Self:
        path = tools.weights.weights_path(options.model)
        spec = yolo_spec(
            tools.weights.registry[options.model],
            path,
            confidence=options.confidence,
            field="modules.specialists.bytetrack.model",
        )
        return cls(OnnxYolo(spec, threads=tools.threads, max_batch=1), options=options, tools=tools)

    def examine(self, case: Case) -> Finding:
        picture = case.pictures[-1]
        wanted = self._options.labels
        found = [one for one in self._detector.detect([picture.bgr])[0] if not wanted or one.label in wanted]
        size = (picture.bgr.shape[1], picture.bgr.shape[0])
        numbers, unused = self._numbers(case, found, size)
        tracks = []
        for place, one in enumerate(found):
            known = place in numbers
            unused += not known
            tracks.append(_shown(one, track_id=numbers[place] if known else unused, known=known))
        return Finding({"tracks": tracks})

    def close(self) -> None:
        self._detector.close()

    def _numbers(self, case: Case, found: list[Detection], size: tuple[int, int]) -> tuple[dict[int, int], int]:
        """The track of each detection that is one's, and the highest number that is taken."""
        if case.scope == "object":
            subject = _subject(found, case.label)
            numbers = {subject: case.track_id} if subject is not None and case.track_id is not None else {}
            return numbers, max(numbers.values(), default=0)
        if case.camera is None:
            return {}, 0
        at = case.pictures[-1].at or case.at
        present = present_tracks(self._tools.state(case.camera), at=at, within_s=self._options.within_s)
        numbers = matched(found, present, size=size, least_iou=self._options.least_iou)
        return numbers, max((one.track_id for one in present), default=0)


def _subject(found: list[Detection], label: str | None) -> int | None:
    """Of a crop, the largest object of the label it was cut out for."""
    places = [place for place, one in enumerate(found) if label in (None, one.label)]
    return max(places, key=lambda place: found[place].box.area, default=None)


def _shown(one: Detection, *, track_id: int, known: bool) -> dict[str, Any]:
    return {
        "track_id": track_id,
        "bbox": [round(side, 1) for side in one.box.as_xyxy()],
        "confidence": round(one.confidence, 4),
        "label": one.label,
        "known": known,
    }
