"""`vehicle` on drawn pictures, without weights."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.modules.specialist import Case, Picture, Specialist, Tools, open_specialist
from shared.domain.box import Box
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.unit.modules.vehicle.drawn import car

AT = datetime(2026, 1, 15, tzinfo=UTC)
RED, BLUE = (80, 30, 190), (170, 70, 20)


@pytest.fixture
def vehicle(tmp_path: Path) -> Specialist:
    store = WeightsStore(tmp_path, load_registry())
    return open_specialist("vehicle", Tools(store, None, state=lambda _slug: None))  # type: ignore[arg-type]


def told(vehicle: Specialist, *pictures: Picture, **values: Any) -> list[dict[str, Any]]:
    case = Case(pictures, values.pop("scope", "object"), AT, **values)
    vehicles: list[dict[str, Any]] = vehicle.examine(case).results["vehicles"]
    return vehicles


def test_the_event_tells_the_type_and_the_paint_the_colour(vehicle: Specialist) -> None:
    (one,) = told(vehicle, Picture(car(RED)), label="truck")
    assert (one["type"], one["color"], one["make"], one["bbox"]) == ("truck", "red", None, [0, 0, 300, 240])


def test_without_weights_or_label_the_type_is_unknown(vehicle: Specialist) -> None:
    (one,) = told(vehicle, Picture(car(RED)), label="person")
    assert (one["type"], one["color"]) == ("unknown", "red")


def test_only_the_subject_is_looked_at(vehicle: Specialist) -> None:
    both = np.concatenate([car(RED), car(BLUE)], axis=1)
    (one,) = told(vehicle, Picture(both, subject=Box(300, 0, 600, 240)), label="car")
    assert (one["color"], one["bbox"]) == ("blue", [300, 0, 600, 240])


def test_pictures_of_one_presence_vote(vehicle: Specialist) -> None:
    pictures = [Picture(car(paint)) for paint in (RED, BLUE, RED, RED)]
    (one,) = told(vehicle, *pictures, label="car")
    assert (one["color"], one["pictures"]) == ("red", 4)


def test_night_pictures_do_not_vote_on_the_colour(vehicle: Specialist) -> None:
    night = np.repeat(car(BLUE)[:, :, :1], 3, axis=2)
    (one,) = told(vehicle, Picture(night), Picture(car(RED)), Picture(night), label="car")
    assert one["color"] == "red"
    (dark,) = told(vehicle, Picture(night), label="car")
    assert (dark["color"], dark["color_confidence"], dark["color_guesses"]) == ("unknown", 0.0, [])


def test_what_is_too_small_is_not_looked_at(vehicle: Specialist) -> None:
    assert told(vehicle, Picture(car(RED), subject=Box(10, 10, 20, 20)), label="car") == []


def test_a_scene_without_weights_has_no_vehicles(vehicle: Specialist) -> None:
    assert told(vehicle, Picture(car(RED)), scope="scene") == []
