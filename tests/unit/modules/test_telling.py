"""What the brain is told of a look."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from services.modules.telling import MOST_BYTES, compact, finding_made
from shared.messages.presences import PresenceChanged
from shared.modules.order import ModuleOrder, PictureRef

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
PLATES = {"plates": [{"plate_text": "AB123"}]}


def order(**values: object) -> ModuleOrder:
    defaults = {"job_id": "job-1", "module": "lpr", "scope": "object", "at": AT, "camera": "gate", "look": 1}
    return ModuleOrder(pictures=(PictureRef(path="a.jpg", at=AT),), **{**defaults, **values})  # type: ignore[arg-type]


def test_a_look_of_argus_own_is_told() -> None:
    told = finding_made(order(presence=PresenceChanged.example()), PLATES)
    assert told is not None
    assert (told.module, told.camera, told.results, told.presence) == ("lpr", "gate", PLATES, PresenceChanged.example())
    assert [picture.path for picture in told.pictures] == ["a.jpg"]


@pytest.mark.parametrize("values", [{"look": 0}, {"camera": None}])
def test_what_somebody_asked_for_is_not(values: dict[str, object]) -> None:
    assert finding_made(order(**values), PLATES) is None


def test_small_results_are_told_whole() -> None:
    assert compact(PLATES) == PLATES


def test_large_results_are_cut_down_to_a_bounded_size() -> None:
    keypoints = [{"x": 0.123456, "y": 0.123456, "name": "n" * 2000} for _ in range(1000)]
    told = compact({"keypoints": keypoints, "person_action": "fall", "text": "x" * 5000})
    assert len(json.dumps(told)) <= MOST_BYTES
    assert told["person_action"] == "fall"
    assert told["text"] == "x" * 1000
    assert len(compact({"lines": list(range(1000))})["lines"]) == 64
