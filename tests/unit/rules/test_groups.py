"""Conditions made of conditions: how they are read, written, and when they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.rules.condition import MAX_PARTS, parse_condition
from shared.rules.found import Found
from tests.unit.rules.test_rule import presence, stay

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
YES: dict[str, Any] = {"labels": ["person"]}
NO: dict[str, Any] = {"labels": ["car"]}
PLATE = {"kind": "finding", "module": "lpr", "list_match": "deny"}
FIRE = {"kind": "finding", "module": "fire_smoke", "label": "fire"}


def not_(condition: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "not", "condition": condition}


def all_(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "all", "conditions": list(conditions)}


def any_(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "any", "conditions": list(conditions)}


plain = st.sampled_from([(YES, True), (NO, False)])
negated = plain.map(lambda pair: (not_(pair[0]), not pair[1]))


def grouped(parts: Any) -> Any:
    lists = st.lists(parts, min_size=1, max_size=3)
    return lists.map(lambda pairs: (all_(*(c for c, _ in pairs)), all(h for _, h in pairs))) | lists.map(
        lambda pairs: (any_(*(c for c, _ in pairs)), any(h for _, h in pairs))
    )


@given(grouped(plain | negated | grouped(plain | negated)))
def test_they_hold_as_logic_says_and_read_as_they_are_written(case: tuple[dict[str, Any], bool]) -> None:
    values, expected = case
    condition = parse_condition(values)
    assert condition.holds(presence(), AT) is expected
    assert parse_condition(condition.document()) == condition


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (all_(), ["condition.conditions"]),
        ({"kind": "any"}, ["condition.conditions"]),
        ({"kind": "all", "conditions": "person"}, ["condition.conditions"]),
        (
            all_({"lables": []}, YES, {"dwell_s": -1}),
            ["condition.conditions.0.lables", "condition.conditions.2.dwell_s"],
        ),
        ({**all_({"dwell_s": -1}), "x": 1}, ["condition.conditions.0.dwell_s", "condition.x"]),
        ({"kind": "all", "conditions": [YES, 3]}, ["condition.conditions.1"]),
        (all_(*[YES] * (MAX_PARTS + 1)), ["condition.conditions"]),
        (not_(not_(YES)), ["condition.condition.kind"]),
        (all_(any_(all_(YES))), ["condition.conditions.0.conditions.0.kind"]),
        (not_(PLATE), ["condition.condition"]),
        (not_(any_(YES, PLATE)), ["condition.condition"]),
        ({"kind": "not", "condition": []}, ["condition.condition"]),
        (all_({"kind": "non"}), ["condition.conditions.0.kind"]),
    ],
)
def test_all_that_is_wrong_is_named_at_its_place(values: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_condition(values)
    assert sorted(problem.field for problem in caught.value.problems) == fields


def test_zones_and_modules_of_the_parts_are_the_wholes() -> None:
    condition = parse_condition(all_({"zone": "Door"}, not_({"zone": "Yard"}), any_({"zone": "Gate"}, PLATE)))
    assert condition.zones() == {
        "conditions.0.zone": "Door",
        "conditions.1.condition.zone": "Yard",
        "conditions.2.conditions.0.zone": "Gate",
    }
    assert condition.modules() == ("lpr",)


CAR = presence(label="car", zones=(stay("Gate", 3),))
READ = Found("lpr", {"plates": [{"plate_text": "AB123CD", "confidence": 0.9, "list_match": "deny"}]}, AT, CAR)
BURNS = Found("fire_smoke", {"detections": [{"label": "fire", "confidence": 0.8}]}, AT)


@pytest.mark.parametrize(
    ("values", "found", "matches"),
    [
        (all_(PLATE, {"zone": "Gate"}), READ, True),
        (all_(PLATE, {"zone": "Door"}), READ, False),
        (all_(PLATE, not_({"zone": "Door"})), READ, True),
        (any_(PLATE, {"zone": "Door"}), READ, True),
        (any_(FIRE, PLATE), BURNS, True),
        (all_(FIRE, PLATE), BURNS, False),
        (all_(FIRE, {"labels": ["car"]}), BURNS, False),
        (all_({"zone": "Gate"}), READ, False),
    ],
)
def test_findings_are_asked_together_with_the_presence_they_are_about(
    values: dict[str, Any], found: Found, *, matches: bool
) -> None:
    assert (parse_condition(values).found(found) is not None) is matches


def test_a_look_is_awaited_for_a_part_that_waits() -> None:
    assert parse_condition(all_({"zone": "Gate"}, PLATE)).awaits(CAR, AT)
    assert not parse_condition(all_(PLATE)).holds(CAR, AT)
