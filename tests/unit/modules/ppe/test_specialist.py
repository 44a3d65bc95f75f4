"""`ppe` over a detector that says what it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.modules.specialist import Case, Picture, Tools, open_specialist
from services.modules.specialists.ppe.settings import PpeSettings
from services.modules.specialists.ppe.specialist import Ppe
from shared.domain.box import Box
from shared.domain.detection import Detection
from shared.domain.errors import Permanent, UserError
from shared.vision.model import ModelSpec
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore

AT = datetime(2026, 1, 15, tzinfo=UTC)
SPEC = ModelSpec("drawn", Path("drawn.onnx"), "yolov8", (320, 320), ("Hardhat", "NO-Hardhat", "Safety Vest", "Person"))
RED, BLUE, GREEN = (0, 0, 255), (255, 0, 0), (0, 255, 0)
LABELS = {"Hardhat": RED, "NO-Hardhat": BLUE, "Safety Vest": GREEN}
PERSON = Box(100, 100, 180, 340)
OTHER = Box(300, 100, 380, 340)


@dataclass
class Drawn:
    """Sees the painted rectangles, and `people` on pictures of full size."""

    spec: ModelSpec = SPEC
    people: Sequence[Box] = ()
    closed: list[bool] = field(default_factory=list)

    def detect(self, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        return [self._seen(picture) for picture in pictures]

    def close(self) -> None:
        self.closed.append(True)

    def _seen(self, picture: NDArray[np.uint8]) -> list[Detection]:
        found = [Detection("person", 0.9, box) for box in self.people]
        for label, colour in LABELS.items():
            ys, xs = np.nonzero((picture == colour).all(axis=2))
            if len(xs):
                box = Box(float(xs.min()), float(ys.min()), float(xs.max()) + 1, float(ys.max()) + 1)
                found.append(Detection(label, 0.8, box))
        return found


def picture(*painted: tuple[tuple[int, int, int], Box]) -> NDArray[np.uint8]:
    drawn = np.full((480, 640, 3), 128, np.uint8)
    for colour, box in painted:
        x1, y1, x2, y2 = (round(side) for side in box.as_xyxy())
        drawn[y1:y2, x1:x2] = colour
    return drawn


HELMET, BARE = (RED, Box(122, 98, 158, 124)), (BLUE, Box(122, 98, 158, 130))
VEST = (GREEN, Box(112, 140, 168, 230))


def look(*pictures: NDArray[np.uint8], people: Sequence[Box] = (PERSON,), **values: Any) -> dict[str, Any]:
    drawn: Any = Drawn()
    persons: Any = Drawn(people=people)
    ppe = Ppe(drawn, persons, PpeSettings())
    scope = values.pop("scope", "scene")
    subject = PERSON if scope == "object" else None
    shown = tuple(Picture(one, subject=subject) for one in pictures)
    return dict(ppe.examine(Case(shown, scope, AT, **values)).results)


def test_who_wears_everything_complies() -> None:
    found = look(picture(HELMET, VEST))
    assert (found["compliant"], found["violations"]) == (True, [])
    items = found["persons"][0]["items"]
    assert items["helmet"] == {"state": "worn", "confidence": 0.8, "bbox": [122, 98, 158, 124]}
    assert items["vest"]["bbox"] == [112, 140, 168, 230]


def test_whoever_lacks_something_is_named_with_it() -> None:
    found = look(picture(HELMET, VEST), people=(PERSON, OTHER))
    assert found["compliant"] is False
    assert found["violations"] == [{"person": 1, "item": "helmet"}, {"person": 1, "item": "vest"}]


def test_the_camera_says_what_is_required() -> None:
    bare = picture(BARE, VEST)
    assert look(bare)["compliant"] is False
    assert look(bare, options={"required": ["vest"]})["compliant"] is True


def test_what_the_detector_does_not_know_is_told_and_no_violation() -> None:
    found = look(picture(HELMET, VEST), options={"required": ["helmet", "boots"]})
    assert (found["compliant"], found["violations"], found["not_recognised"]) == (None, [], ["boots"])


@pytest.mark.parametrize("required", ["helmet", ["hat"], [1], {"helmet": True}, None])
def test_nonsense_as_requirement_is_refused(required: object) -> None:
    with pytest.raises(Permanent, match="required must be a list of items"):
        look(picture(), options={"required": required})


def test_most_pictures_of_a_presence_decide() -> None:
    whole, bare = picture(HELMET, VEST), picture(BARE, VEST)
    assert look(whole, bare, whole, scope="object")["compliant"] is True
    found = look(bare, whole, bare, scope="object")
    assert [one["violations"] for one in found["persons"]] == [["helmet"]]


def test_only_the_person_in_question_is_told_of() -> None:
    found = look(picture(HELMET, VEST), people=(PERSON, OTHER), scope="object")
    assert len(found["persons"]) == 1
    assert found["compliant"] is True


def test_a_neighbour_s_helmet_is_not_the_person_s_own() -> None:
    beside = Box(150, 100, 230, 340)
    found = look(picture((RED, Box(172, 98, 208, 124)), VEST), people=(PERSON, beside), scope="object")
    assert found["persons"][0]["items"]["helmet"]["state"] != "worn"


def test_without_a_detector_it_cannot_be_opened(tmp_path: Path) -> None:
    tools = Tools(WeightsStore(tmp_path, load_registry()), None, state=lambda _slug: None)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="needs a detector") as refusal:
        open_specialist("ppe", tools)
    assert "modules.specialists.ppe.detector" in (refusal.value.remedy or "")
    with pytest.raises(UserError, match="argus models pull yolox_nano"):
        open_specialist("ppe", tools, settings={"detector": "yolox_nano"})
