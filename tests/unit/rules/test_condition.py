"""Reading conditions from JSON, and writing them back."""

from __future__ import annotations

import json
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput, UserError
from shared.rules.condition import condition_kinds, parse_condition
from shared.rules.conditions import CATALOGUE
from shared.rules.schedule import DAYS

WINDOW = {"from": "22:00", "to": "06:00"}


def _clock(at: time) -> str:
    return at.strftime("%H:%M")


clocks = st.times().map(_clock) | st.just("24:00")
windows = st.fixed_dictionaries(
    {"from": clocks, "to": clocks}, optional={"days": st.lists(st.sampled_from(DAYS), unique=True)}
)
schedules = st.fixed_dictionaries(
    {"windows": st.lists(windows, min_size=1, max_size=3)},
    optional={"timezone": st.sampled_from(["UTC", "Europe/Paris", "Africa/Porto-Novo"])},
)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.just("presence"),
        "labels": st.lists(st.text(min_size=1, max_size=64), max_size=5),
        "zone": st.none() | st.text(min_size=1, max_size=128),
        "min_confidence": st.floats(0, 1),
        "dwell_s": st.floats(0, 86_400) | st.integers(0, 86_400),
        "schedule": st.none() | schedules,
    },
)


@given(conditions)
def test_what_was_read_is_written_so_that_it_reads_the_same(values: dict[str, Any]) -> None:
    condition = parse_condition(values)
    document = json.loads(json.dumps(condition.document()))
    assert parse_condition(document) == condition
    assert parse_condition(document).document() == document
    assert set(document) == {"kind", *values}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "labels", "zone", "schedule", "windows",
    "from", "dwell_s"]) | st.text(), inner, max_size=4)), max_leaves=20))  # fmt: skip
def test_whatever_comes_is_read_or_refused_with_its_places(values: Any) -> None:
    problems: tuple[UserError, ...] = ()
    try:
        parse_condition(values if isinstance(values, dict) else {"schedule": values})
    except InvalidInput as error:
        problems = error.problems
    assert all(problem.field.startswith("condition") and problem.reason for problem in problems)


def test_every_problem_is_named_with_its_place_and_the_nearest_name() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_condition(
            {
                "labels": ["person", 7, ""],
                "dwel_s": 5,
                "min_confidence": 2,
                "schedule": {"timezne": "UTC", "windows": [WINDOW, {"start": "22:00", "to": "6"}]},
            }
        )
    found = {problem.field: problem.remedy for problem in caught.value.problems}
    assert found == {
        "condition.labels.1": "",
        "condition.labels.2": "",
        "condition.dwel_s": "did you mean 'dwell_s'?",
        "condition.min_confidence": "",
        "condition.schedule.timezne": "did you mean 'timezone'?",
        "condition.schedule.windows.1.from": "",
        "condition.schedule.windows.1.to": "",
        "condition.schedule.windows.1.start": "known names: days, from, to",
    }


def test_many_problems_are_counted_not_listed() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_condition({"labels": [0] * 10_000})
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1].reason == "has 9980 more problems"


@pytest.mark.parametrize("value", ["5", True, None, [5], {}])
def test_only_numbers_are_numbers(value: object) -> None:
    with pytest.raises(InvalidInput):
        parse_condition({"dwell_s": value})


@pytest.mark.parametrize("clock", [8, 8.5, True, "8:00", "8", "22:00Z", "22:00+01:00", "22.00", "24:01", "", None])
def test_only_clock_times_are_clock_times(clock: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_condition({"schedule": {"windows": [{"from": clock, "to": "23:00"}]}})
    assert caught.value.field == "condition.schedule.windows.0.from"


def test_a_condition_tells_which_zones_it_needs() -> None:
    assert parse_condition({"zone": "Door"}).zones() == {"zone": "Door"}
    assert parse_condition({}).zones() == {}


def test_every_kind_is_known_by_its_name() -> None:
    kinds = condition_kinds()
    assert list(kinds) == list(CATALOGUE)
    for name, kind in kinds.items():
        assert kind.model_fields["kind"].default == name
