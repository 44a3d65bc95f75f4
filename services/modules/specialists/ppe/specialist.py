"""`ppe`: protective equipment, person by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from services.modules.specialists.ppe.assignment import Sign, assigned
from services.modules.specialists.ppe.body import Body, bodies
from services.modules.specialists.ppe.detector import open_equipment, open_persons
from services.modules.specialists.ppe.equipment import Known, is_person, known, meaning
from services.modules.specialists.ppe.judgement import (
    Verdict,
    by_absence,
    compliance,
    doubted,
    judged,
    together,
    violations,
)
from services.modules.specialists.ppe.settings import PpeSettings
from shared.domain.box import Box, iou
from shared.domain.errors import Permanent
from shared.domain.vocabulary import EQUIPMENT, Equipment
from shared.vision.onnx_yolo import OnnxYolo
from shared.vision.pictures import cut
from shared.vision.suppression import covered
from shared.weights.condition import Condition

_MOST_PICTURES = 5
_PERSON = 0.4
_MARGIN, _WIDE_MARGIN = 0.15, 0.6
_AFAR = 2.0
_SAME_PERSON = 0.5
_SAME_SIGN = 0.5
_REACH = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One person on one picture: what it says of each item."""

    body: Body
    items: Mapping[Equipment, Verdict]


class Ppe:
    """Looks for equipment around each person and says who wears, or lacks, what."""

    manifest: ClassVar[Manifest] = Manifest(
        name="ppe",
        version="1",
        summary="sees who wears helmet, vest, mask, gloves …, and who lacks what is required",
        scopes=frozenset({"object", "scene"}),
        labels=frozenset({"person"}),
        weights=("yolox_nano",),
        max_pictures=_MOST_PICTURES,
        cost_ms=60,
    )
    settings_type: ClassVar[type[PpeSettings]] = PpeSettings

    def __init__(self, equipment: OnnxYolo, persons: OnnxYolo | None, settings: PpeSettings) -> None:
        self._equipment = equipment
        self._persons = persons
        self._settings = settings
        self._known: Known = known(equipment.spec.labels)

    @classmethod
    def open(cls, options: PpeSettings, tools: Tools) -> Self:
        store, threads = tools.weights, tools.threads
        equipment = open_equipment(options.detector, store, confidence=options.doubt, threads=threads)
        persons = None
        if options.persons and store.verify(options.persons) is Condition.OK:
            path = store.weights_path(options.persons)
            persons = open_persons(options.persons, path, store, confidence=_PERSON, threads=threads)
        return cls(equipment, persons, options)

    def examine(self, case: Case) -> Finding:
        required = self._required(case.options)
        if case.scope == "scene":
            seen = self._everybody(case.pictures[-1])
            case.progress(1.0)
            return self._finding([(one.body.box, one.items) for one in seen], required)
        looks = []
        pictures = case.pictures[-_MOST_PICTURES:]
        for number, picture in enumerate(pictures):
            looks.append(self._subject(picture))
            case.progress((number + 1) / len(pictures))
        return self._finding([_merged([look for look in looks if look is not None])] if any(looks) else [], required)

    def close(self) -> None:
        self._equipment.close()
        if self._persons is not None:
            self._persons.close()

    def _required(self, options: Mapping[str, Any]) -> tuple[Equipment, ...]:
        wanted = options.get("required", self._settings.required)
        if not isinstance(wanted, list | tuple) or not all(item in EQUIPMENT for item in wanted):
            raise Permanent(f"the option required must be a list of items out of: {', '.join(EQUIPMENT)}")
        return cast("tuple[Equipment, ...]", tuple(dict.fromkeys(wanted)))

    def _everybody(self, picture: Picture) -> list[Seen]:
        persons = self._people(picture.bgr)
        signs = _distinct([sign for person in persons for sign in self._signs(picture.bgr, person)])
        return self._seen(picture.bgr, persons, signs)

    def _subject(self, picture: Picture) -> Seen | None:
        """The person in question; whoever else is there may be whose helmet it is."""
        found = self._people(picture.bgr) if self._persons is not None or picture.subject is None else []
        subject = picture.subject
        if subject is None:
            height, width = picture.bgr.shape[:2]
            subject = found[0] if found else Box(0, 0, width, height)
        others = [box for box in found if iou(box, subject) < _SAME_PERSON and covered(box, subject) < 0.9]
        signs = self._signs(picture.bgr, subject)
        seen = self._seen(picture.bgr, [subject, *others], signs)
        return seen[0] if seen and subject.area > 0 else None

    def _seen(self, picture: NDArray[np.uint8], persons: Sequence[Box], signs: Sequence[Sign]) -> list[Seen]:
        height, width = picture.shape[:2]
        present = bodies([person.clipped(width, height) for person in persons], width=width, height=height)
        theirs = assigned(signs, present)
        return [
            Seen(body, self._judged(picture, body, held, signs)) for body, held in zip(present, theirs, strict=True)
        ]

    def _judged(
        self, picture: NDArray[np.uint8], body: Body, held: Mapping[Equipment, Sequence[Sign]], signs: Sequence[Sign]
    ) -> dict[Equipment, Verdict]:
        """An item is not called missing for want of a box before a second look, from farther off, finds none either."""
        items = doubted(judged(body, held, self._known, self._settings), body, signs)
        if not any(by_absence(verdict) for verdict in items.values()):
            return items
        afar = self._signs(picture, body.box, margin=_WIDE_MARGIN)
        return doubted(items, body, [sign for sign in afar if sign.confidence >= _AFAR * self._settings.doubt])

    def _people(self, picture: NDArray[np.uint8]) -> list[Box]:
        """The largest persons on a picture, the largest first."""
        detector = self._persons or self._equipment
        found = [one.box for one in detector.detect([picture])[0] if is_person(one.label) and one.confidence >= _PERSON]
        tall = [box for box in found if box.height >= self._settings.min_height_px]
        return sorted(tall, key=lambda box: (-box.area, box.as_xyxy()))[: self._settings.most_persons]

    def _signs(self, picture: NDArray[np.uint8], person: Box, *, margin: float = _MARGIN) -> list[Sign]:
        """What the detector sees on a person and around, in pixels of the picture."""
        part, (left, top) = cut(picture, person, margin=margin)
        if min(part.shape[:2]) < _REACH:
            return []
        found = self._equipment.detect([np.ascontiguousarray(part)])[0]
        return [
            Sign(what, one.confidence, _moved(one.box, left, top))
            for one in found
            if (what := meaning(one.label)) is not None
        ]

    def _finding(
        self, persons: Sequence[tuple[Box, Mapping[Equipment, Verdict]]], required: Sequence[Equipment]
    ) -> Finding:
        shown = [_shown(box, items, required) for box, items in persons]
        missing = [{"person": place, "item": item} for place, one in enumerate(shown) for item in one["violations"]]
        return Finding(
            {
                "persons": shown,
                "violations": missing,
                "compliant": compliance([items for _, items in persons], required),
                "required": list(required),
                "not_recognised": [item for item in required if item not in self._known.items],
            }
        )


def _merged(looks: Sequence[Seen]) -> tuple[Box, Mapping[Equipment, Verdict]]:
    """One person over several pictures; told in pixels of the picture that shows them largest."""
    largest = max(looks, key=lambda look: look.body.box.area)
    items = {}
    for item, here in largest.items.items():
        verdict = together([look.items[item] for look in looks])
        box = here.box if here.state == verdict.state else None
        items[item] = Verdict(verdict.state, verdict.confidence, box)
    return largest.body.box, items


def _shown(box: Box, items: Mapping[Equipment, Verdict], required: Sequence[Equipment]) -> dict[str, Any]:
    lacking = violations(items, required)
    return {
        "bbox": [round(side) for side in box.as_xyxy()],
        "items": {item: _told(verdict) for item, verdict in items.items()},
        "violations": lacking,
        "confidence": round(max((v.confidence for v in items.values()), default=0.0), 3),
    }


def _told(verdict: Verdict) -> dict[str, Any]:
    told: dict[str, Any] = {"state": verdict.state, "confidence": round(verdict.confidence, 3)}
    if verdict.box is not None:
        told["bbox"] = [round(side) for side in verdict.box.as_xyxy()]
    return told


def _distinct(signs: Sequence[Sign]) -> list[Sign]:
    """Without those that were seen again around somebody close by."""
    kept: list[Sign] = []
    for sign in sorted(signs, key=lambda sign: (-sign.confidence, sign.box.as_xyxy())):
        if not any(sign.meaning == other.meaning and iou(sign.box, other.box) > _SAME_SIGN for other in kept):
            kept.append(sign)
    return kept


def _moved(box: Box, dx: int, dy: int) -> Box:
    return Box(box.x1 + dx, box.y1 + dy, box.x2 + dx, box.y2 + dy)
