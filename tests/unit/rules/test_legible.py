"""What can be read of conditions that are not all right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.rules.condition import parse_condition
from shared.rules.legible import legible_steps, legible_zones, stray_camera, unplaced_steps

keys = st.sampled_from(["kind", "zone", "condition", "conditions", "steps", "camera", "within_s"])
kinds = st.sampled_from(["presence", "all", "any", "not", "sequence", "absence"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | kinds,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(keys, values, max_size=5) | st.fixed_dictionaries({"kind": kinds}, optional={
    "conditions": values, "condition": values, "steps": values,
}))  # fmt: skip
def test_whatever_comes_something_or_nothing_is_legible(given_condition: dict[str, Any]) -> None:
    zones, steps = legible_zones(given_condition), legible_steps(given_condition)
    assert all(isinstance(zone, str) for zone in zones.values())
    assert all(step.camera != "" for step in steps)
    try:
        condition = parse_condition(given_condition)
    except InvalidInput:
        return
    assert zones == condition.zones()


def test_zones_are_found_beside_what_cannot_be_read_and_at_their_places() -> None:
    inner = {"kind": "any", "conditions": [{"zone": "Hall"}, {"zone": 7}]}
    condition = {"kind": "all", "conditions": [{"kind": "not", "condition": {"zone": "Door"}}, inner, 7]}
    assert legible_zones(condition) == {"conditions.0.condition.zone": "Door", "conditions.1.conditions.0.zone": "Hall"}


@pytest.mark.parametrize(
    ("steps", "camera", "stray", "unplaced"),
    [
        ([{"camera": "gate"}, {"camera": "yard"}], "hall", True, []),
        ([{"camera": "gate"}, {"camera": "yard"}], "yard", False, []),
        ([{"camera": "gate"}, {"camera": "yard"}], None, False, []),
        ([{"camera": "gate"}, {}], "hall", False, []),
        ([{"camera": "gate"}, {}], None, False, ["condition.steps.1.camera"]),
        ([{"camera": "gate"}, {"camera": 7}], "hall", False, []),
        ([{"camera": "gate"}, {"camera": 7}], None, False, []),
        ("gate", "hall", False, []),
        ([], "hall", False, []),
    ],
)
def test_cameras_and_steps_that_miss_each_other_are_told(
    steps: Any, camera: str | None, unplaced: list[str], *, stray: bool
) -> None:
    sequence = {"kind": "sequence", "steps": steps}
    assert [each.field for each in stray_camera(sequence, camera)] == ["camera_id"] * stray
    assert [each.field for each in unplaced_steps(sequence, camera)] == unplaced
