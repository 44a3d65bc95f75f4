"""Why a rule fired on a presence, or why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.presence import Presence, ZoneStay
from shared.rules.condition import condition_kinds, parse_condition
from shared.rules.conditions import CATALOGUE
from shared.rules.decision import Decision, decide
from shared.rules.rule import evaluate
from tests.unit.rules.test_rule import AT, DAY, OTHER, left, presence, rule, stay

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "presence": [
        {},
        {"labels": ["person"], "min_confidence": 0.5},
        {"zone": "Door", "dwell_s": 5},
        {"zone": "Door", "passage": "enter"},
        {"zone": "Door", "passage": "leave", "dwell_s": 2},
        {"zone": "Door", "schedule": DAY},
        {"dwell_s": 5, "schedule": OTHER},
    ],
    "line": [
        {"start": [0.3, 0.5], "end": [0.7, 0.5]},
        {"start": [0.3, 0.5], "end": [0.7, 0.5], "direction": "to_left", "labels": ["person"], "schedule": DAY},
        {"start": [0.5, 0.0], "end": [0.5, 1.0], "direction": "to_right", "min_confidence": 0.6},
    ],
    "count": [
        {"at_least": 1},
        {"at_least": 2, "labels": ["person"]},
        {"at_least": 2, "zone": "Door", "for_s": 3, "schedule": DAY},
    ],
    "finding": [
        {"module": "lpr"},
        {"module": "lpr", "presence_labels": ["car"], "schedule": OTHER},
    ],
    "absence": [
        {"for_s": 60},
        {"for_s": 60, "labels": ["car"], "zone": "Door", "min_confidence": 0.5, "schedule": OTHER},
    ],
    "speed": [{"at_least": 1.6}, {"at_least": 0.5, "labels": ["person"], "min_confidence": 0.5, "schedule": DAY}],
    "sequence": [{"within_s": 60, "steps": [{"camera": "door", "condition": {}}, {"camera": "gate", "condition": {}}]}],
    "not": [{"condition": {"labels": ["person"]}}, {"condition": {"zone": "Door"}}],
    "all": [
        {"conditions": [{"labels": ["person"]}, {"zone": "Door"}]},
        {"conditions": [{"kind": "any", "conditions": [{"zone": "Gate"}, {"labels": ["car"]}]}, {"dwell_s": 3}]},
    ],
    "any": [{"conditions": [{"zone": "Gate"}, {"kind": "not", "condition": {"labels": ["car"]}}]}],
}

shares = st.floats(0, 1, allow_nan=False)
stays = st.builds(
    lambda zone, ago, dwell, inside: ZoneStay(
        zone,
        AT - timedelta(seconds=ago),
        min(dwell, ago),
        inside,
        None if inside else AT - timedelta(seconds=ago / 4),
    ),
    st.sampled_from(["Door", "Gate"]),
    st.floats(0, 12),
    st.floats(0, 12),
    st.booleans(),
)
presences = st.builds(
    lambda number, label, confidence, dwell_s, zones, path, speed: presence(
        id=f"p{number}",
        label=label,
        confidence=confidence,
        dwell_s=dwell_s,
        zones=tuple({each.zone: each for each in zones}.values()),
        path=tuple(path),
        speed=speed,
    ),
    st.integers(1, 4),
    st.sampled_from(["person", "car"]),
    shares,
    st.floats(0, 12),
    st.lists(stays, max_size=3),
    st.lists(st.tuples(shares, shares), max_size=5),
    st.floats(0, 3),
)


def test_every_kind_of_condition_has_examples_here() -> None:
    assert set(EXAMPLES) == set(CATALOGUE) == set(condition_kinds())


@pytest.mark.parametrize(
    "values", [{"kind": kind} | each for kind, examples in EXAMPLES.items() for each in examples], ids=str
)
@given(seen=presences, others=st.lists(presences, max_size=3))
def test_something_is_unmet_if_and_only_if_the_condition_does_not_hold(
    values: dict[str, Any], seen: Presence, others: list[Presence]
) -> None:
    condition = parse_condition(values)
    unmet = list(condition.unmet(seen, AT, others))
    assert (not unmet) is condition.holds(seen, AT, others)
    assert all(each.field and each.wanted and each.was for each in unmet)


@pytest.mark.parametrize(
    ("condition", "seen", "said"),
    [
        ({"labels": ["car"]}, presence(), "labels asks car, it was person"),
        ({"min_confidence": 0.9}, presence(), "min_confidence asks at least 0.90, it was 0.80"),
        ({"dwell_s": 20}, presence(dwell_s=3.5), "dwell_s asks to stay for 20.0 s, it was 3.5 s"),
        ({"zone": "Door"}, presence(zones=(stay("Gate", 1),)), "zone asks to be in Door, it was in Gate"),
        (
            {"zone": "Door", "passage": "leave"},
            presence(zones=(stay("Door", 9),)),
            "passage asks to leave Door, it was not seen outside it afterwards",
        ),
        (
            {"zone": "Door", "schedule": DAY},
            presence(zones=(left("Door", 9),)),
            "zone asks to be in Door within the schedule, it had left it",
        ),
        (
            {"schedule": {"timezone": "Europe/Paris", "windows": [{"from": "22:00", "to": "06:00"}]}},
            presence(),
            "schedule asks a time inside its windows, it was Thursday 11:30:00 (Europe/Paris)",
        ),
        (
            {"kind": "all", "conditions": [{}, {"kind": "count", "at_least": 3}]},
            presence(),
            "conditions.1.at_least asks 3 at the same time, it was 1",
        ),
        (
            {"kind": "line", "start": [0.3, 0.5], "end": [0.7, 0.5], "direction": "to_left"},
            presence(path=((0.5, 0.4), (0.5, 0.6))),
            "direction asks to the left, it crossed it to the right",
        ),
        (
            {"kind": "absence", "for_s": 60, "labels": ["dog"]},
            presence(),
            "labels asks that no dog is there for 60.0 s, it was labelled person, which is not what the rule looks for",
        ),
        (
            {"kind": "absence", "for_s": 60, "labels": ["person", "dog"]},
            presence(),
            "kind asks that no dog or person is there for 60.0 s, it was there",
        ),
        (
            {"kind": "absence", "for_s": 60, "zone": "Door"},
            presence(zones=(left("Door", 9),)),
            "kind asks that nobody is in Door for 60.0 s, it was there",
        ),
        (
            {"kind": "absence", "for_s": 60, "zone": "Door"},
            presence(zones=(stay("Gate", 9),)),
            "zone asks that nobody is in Door for 60.0 s, it was never seen there and does not count",
        ),
        (
            {"kind": "absence", "for_s": 60, "min_confidence": 0.9},
            presence(),
            "min_confidence asks at least 0.90 of whoever is to count, it was 0.80",
        ),
        (
            {"kind": "absence", "for_s": 60, "schedule": OTHER},
            presence(),
            "kind asks that nobody is there for 60.0 s, it was there; "
            "schedule asks a time inside its windows, it was Thursday 10:30:00 (UTC)",
        ),
    ],
)
def test_a_person_can_read_why_it_did_not_fire(condition: dict[str, Any], seen: Presence, said: str) -> None:
    (decision,) = decide([rule("r", condition=condition)], seen, at=AT, fired={}, last_fired={})
    assert decision.sentence == f"r did not fire: {said}."


def test_each_outcome_is_told_apart() -> None:
    before = AT - timedelta(seconds=10)
    rules = [
        rule("fires"),
        rule("cools", cooldown_s=60),
        rule("tracks", cooldown_s=60, cooldown_per="track"),
        rule("other", condition={"labels": ["car"]}),
    ]
    found = decide(
        rules,
        presence(),
        at=AT,
        fired={"fires": AT},
        last_fired={"cools": before, "tracks": before},
        resting=[rule("night", armed=("night",))],
    )
    outcomes = {each.rule: each.outcome for each in found}
    assert outcomes == {
        "fires": "fired", "cools": "cooling", "tracks": "held", "other": "unmet", "night": "resting",
    }  # fmt: skip
    assert found[1].at == before + timedelta(seconds=60)
    assert [Decision.of(each.document()) for each in found] == list(found)
    marked = decide(rules, presence(), at=AT, fired={}, last_fired={}, known_false=True)
    assert {each.outcome for each in marked} == {"known_false"}


@pytest.mark.parametrize("kind", ["finding", "sequence"])
def test_what_was_complete_during_a_cooldown_is_told_so_though_the_presence_does_not_show_it(kind: str) -> None:
    asks = rule("asks", condition=EXAMPLES[kind][0] | {"kind": kind}, cooldown_s=60)
    until = AT + timedelta(seconds=50)
    (found,) = decide([asks], presence(), at=AT, fired={}, last_fired={}, silenced={"asks": until})
    assert (found.outcome, found.at, found.unmet) == ("cooling", until, ())
    (found,) = decide([asks], presence(), at=AT, fired={"asks": AT}, last_fired={}, silenced={"asks": until})
    assert (found.outcome, found.at) == ("fired", AT)


@given(seen=presences, others=st.lists(presences, max_size=3), ago=st.integers(0, 90))
def test_what_is_held_is_what_would_fire(seen: Presence, others: list[Presence], ago: int) -> None:
    conditions = [values | {"kind": kind} for kind, examples in EXAMPLES.items() for values in examples]
    rules = [rule(f"r{number}", condition=each, cooldown_s=60) for number, each in enumerate(conditions)]
    last = {each.slug: AT - timedelta(seconds=ago) for each in rules[::2]}
    firing = {each.slug for each in evaluate(rules, seen, at=AT, others=others, last_fired=last)}
    decided = decide(rules, seen, at=AT, others=others, fired={}, last_fired=last)
    assert {each.rule for each in decided if each.outcome == "held"} == firing
