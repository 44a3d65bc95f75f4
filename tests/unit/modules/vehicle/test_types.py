"""Of which type a vehicle is."""

from __future__ import annotations

import numpy as np
import pytest

from services.modules.specialists.vehicle.types import decided, looked_at, scores, vehicle_boxes
from shared.domain.box import Box
from shared.domain.detection import Detection


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ({"car": 0.9, "truck": 0.1}, "car"),
        ({"car": 0.4, "truck": 0.6}, "car"),  # the back of a car that fills the picture
        ({"car": 0.05, "truck": 0.3}, "unknown"),
        ({"car": 0.1, "truck": 0.7}, "truck"),
        ({"car": 0.2, "bus": 0.9}, "bus"),
        ({"truck": 0.6, "bus": 0.6}, "unknown"),
        ({"motorcycle": 0.5, "car": 0.3}, "motorcycle"),
        ({"car": 0.0, "truck": 0.0}, "unknown"),
    ],
)
def test_large_vehicles_must_be_clearly_ahead(chances: dict[str, float], expected: str) -> None:
    assert decided(chances)[0] == expected


def test_only_boxes_that_fill_the_vehicle_count() -> None:
    seen = [
        [Detection("car", 0.8, Box(0, 0, 100, 80)), Detection("truck", 0.9, Box(0, 0, 20, 20))],
        [Detection("car", 0.4, Box(100, 80, 200, 160)), Detection("person", 0.9, Box(100, 80, 200, 160))],
    ]
    found = scores(seen, [(100, 80), (100, 80)])
    assert found["car"] == pytest.approx(0.6)
    assert found["truck"] == 0


@pytest.mark.parametrize("shape", [(1000, 1600), (40, 30), (300, 20)])
def test_a_vehicle_is_looked_at_from_near_and_from_afar(shape: tuple[int, int]) -> None:
    pictures, sizes = looked_at(np.zeros((*shape, 3), np.uint8))
    assert len(pictures) == len(sizes) == 2
    assert max(pictures[0].shape[:2]) <= 416
    assert pictures[1].shape[0] == 3 * sizes[1][1]
    assert pictures[1].shape[1] == 3 * sizes[1][0]


def test_one_vehicle_of_two_types_is_one_and_the_largest_come_first() -> None:
    found = [
        Detection("car", 0.9, Box(0, 0, 50, 40)),
        Detection("truck", 0.7, Box(1, 1, 50, 40)),
        Detection("bus", 0.6, Box(100, 0, 300, 200)),
        Detection("person", 0.9, Box(300, 0, 400, 200)),
        Detection("car", 0.1, Box(400, 0, 500, 200)),
    ]
    assert vehicle_boxes(found, least_confidence=0.35, most=8) == [Box(100, 0, 300, 200), Box(0, 0, 50, 40)]
    assert vehicle_boxes(found, least_confidence=0.35, most=1) == [Box(100, 0, 300, 200)]
