"""Steps one after the other: how they are read, and when they are near enough in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.rules.condition import parse_condition
from shared.rules.rule import rules_by_camera
from shared.rules.sequence import is_complete
from shared.rules.steps import InSteps
from tests.unit.rules.test_rule import AT, presence, rule, stay

GATE: dict[str, Any] = {"camera": "gate", "condition": {"labels": ["person"]}}
DOOR: dict[str, Any] = {"camera": "door", "condition": {"zone": "Door"}}


def sequence(*steps: dict[str, Any], within_s: float = 60) -> dict[str, Any]:
    return {"kind": "sequence", "within_s": within_s, "steps": list(steps)}


Stays = list[list[tuple[int, int]]]
"""For each step but the last, from when until when somebody was at it, in seconds."""


def _complete(stays: Stays, last: int, within_s: int) -> bool:
    def latest(step: int, before: datetime) -> datetime | None:
        begun = (until for began, until in stays[step] if AT + timedelta(seconds=began) < before)
        return max((AT + timedelta(seconds=until) for until in begun), default=None)

    began_at, within = AT + timedelta(seconds=last), timedelta(seconds=within_s)
    return is_complete(began_at, len(stays) + 1, within=within, latest=latest)


@pytest.mark.parametrize(
    ("stays", "last", "complete"),
    [
        ([[(0, 0)]], 10, True),
        ([[(0, 0)]], 60, True),
        ([[(0, 0)]], 61, False),
        ([[(10, 10)]], 10, False),  # at the same moment is not after
        ([[(11, 11)]], 10, False),
        ([[(0, 300)]], 310, True),  # who stood at the gate for five minutes was there ten seconds ago
        ([[(0, 300)]], 100, True),  # and is still there
        ([[(0, 0)], [(20, 20)]], 40, True),
        ([[(20, 20)], [(0, 0)]], 40, False),
        ([[(0, 0), (30, 30)], [(20, 20), (70, 70)]], 80, True),
        ([[(0, 100)], [(10, 10)]], 90, False),  # the step between was too long ago
        ([[(0, 0)], []], 10, False),
    ],
)
def test_steps_count_in_order_and_in_time(stays: Stays, last: int, *, complete: bool) -> None:
    assert _complete(stays, last, 60) is complete


spans = st.tuples(st.integers(0, 15), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(st.lists(spans, max_size=3), min_size=1, max_size=3), st.integers(0, 20), st.integers(1, 20))
def test_a_sequence_is_complete_if_and_only_if_moments_can_be_chosen(stays: Stays, last: int, within_s: int) -> None:
    def chosen(spans: tuple[tuple[int, int], ...]) -> bool:
        # As late as can be: later moments are nearer to the last step. Half seconds stand for "just before".
        limit = float(last)
        for began, until in reversed(spans):
            if not began < limit:
                return False
            limit = min(until, limit)
        return last - limit <= within_s

    assert _complete(stays, last, within_s) is any(chosen(spans) for spans in product(*stays))


@given(
    st.lists(st.lists(spans, max_size=3), min_size=1, max_size=3), st.integers(0, 20), st.integers(1, 20), spans,
    st.integers(0, 2),
)  # fmt: skip
def test_more_that_was_done_and_more_time_never_make_it_incomplete(
    stays: Stays, last: int, within_s: int, more: tuple[int, int], step: int
) -> None:
    if _complete(stays, last, within_s):
        assert _complete(stays, last, within_s + 1)
        further = [[*known, more] if index == step else known for index, known in enumerate(stays)]
        assert _complete(further, last, within_s)


def test_what_was_read_is_written_so_that_it_reads_the_same() -> None:
    condition = parse_condition(sequence(GATE, {"condition": {"kind": "all", "conditions": [{}, {"zone": "Door"}]}}))
    assert parse_condition(condition.document()) == condition
    assert isinstance(condition, InSteps)
    assert condition.cameras() == ("gate",)
    assert condition.on("door").cameras() == ("gate", "door")
    assert condition.on("door").digest != condition.digest
    assert condition.on("gate").digest != condition.on("door").digest


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"kind": "sequence"}, ["condition.within_s", "condition.steps"]),
        (sequence(GATE), ["condition.steps"]),
        (sequence(*[GATE] * 6), ["condition.steps"]),
        (sequence(GATE, DOOR, within_s=3601), ["condition.within_s"]),
        (sequence(GATE, {"camera": "door"}), ["condition.steps.1.condition"]),
        (sequence(GATE, {"camera": "door", "condition": 5}), ["condition.steps.1.condition"]),
        ({"kind": "sequence", "within_s": 5, "steps": 5}, ["condition.steps"]),
        ({"kind": "sequence", "within_s": 5, "steps": [GATE, 7]}, ["condition.steps.1"]),
        (
            sequence({"camera": "", "condition": {"zon": "Door"}}, {"camera": 5, "condition": {"dwell_s": -1}, "x": 1}),
            ["condition.steps.0.condition.zon", "condition.steps.1.condition.dwell_s", "condition.steps.0.camera",
             "condition.steps.1.camera", "condition.steps.1.x"],
        ),
        (sequence(GATE, {"condition": {"kind": "finding", "module": "lpr"}}), ["condition.steps.1.condition"]),
        (sequence(GATE, {"condition": {"kind": "absence", "for_s": 60}}), ["condition.steps.1.condition.kind"]),
        (sequence(GATE, {"condition": sequence(GATE, DOOR)}), ["condition.steps.1.condition.kind"]),
        ({"kind": "not", "condition": sequence(GATE, DOOR)}, ["condition.condition.kind"]),
        ({"kind": "any", "conditions": [sequence(GATE, DOOR)]}, ["condition.conditions.0.kind"]),
    ],
)  # fmt: skip
def test_every_problem_is_told_at_its_place(values: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_condition(values)
    assert [problem.field for problem in caught.value.problems] == fields


def test_only_the_cameras_that_its_steps_name_look_at_it() -> None:
    known = rule("r", condition=sequence(GATE, DOOR), camera="door", account_id=1)
    found = rules_by_camera([known], {"gate": 1, "door": 1, "yard": 1, "other": 2})
    assert {camera for camera, rules in found.items() if rules} == {"gate", "door"}


@pytest.mark.parametrize(
    ("condition", "seen", "ago_s"),
    [
        ({}, presence(dwell_s=9), 0),
        ({"zone": "Door"}, presence(dwell_s=9, zones=(stay("Door", 5),)), 0),
        ({"zone": "Door", "passage": "enter"}, presence(dwell_s=9, zones=(stay("Door", 5),)), 9),
        ({"kind": "line", "start": [0, 0], "end": [1, 1]}, presence(dwell_s=9), 9),
        ({"kind": "count", "at_least": 1}, presence(dwell_s=9), 0),
        ({"kind": "all", "conditions": [{}, {"kind": "line", "start": [0, 0], "end": [1, 1]}]}, presence(dwell_s=9), 9),
    ],
)
def test_what_takes_a_while_is_told_from_what_takes_a_moment(
    condition: dict[str, Any], seen: Any, ago_s: float
) -> None:
    assert parse_condition(condition).held_until(seen, AT) == AT - timedelta(seconds=ago_s)
