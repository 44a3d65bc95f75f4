"""Nobody is there: how that is said, and how the time is counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.domain.presence import Presence
from shared.rules.about_camera import AboutCamera
from shared.rules.absence import MOST_BETWEEN_S, Vacancy, vacancy_at
from shared.rules.condition import parse_condition
from shared.rules.found import Found
from tests.unit.rules.test_rule import AT, DAY, OTHER, left, presence, stay

NOBODY: dict[str, Any] = {"kind": "absence", "for_s": 60}


def absence(**said: Any) -> AboutCamera:
    condition = parse_condition({**NOBODY, **said})
    assert isinstance(condition, AboutCamera)
    return condition


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("said", "seen", "at"),
    [
        ({}, presence(), AT),
        ({"labels": ["person"]}, presence(), AT),
        ({"labels": ["car"]}, presence(), None),
        ({"min_confidence": 0.8}, presence(), AT),
        ({"min_confidence": 0.9}, presence(), None),
        ({"zone": "Door"}, presence(), None),
        ({"zone": "Door"}, presence(zones=(stay("Gate", 9),)), None),
        ({"zone": "Door"}, presence(zones=(stay("Gate", 9), stay("Door", 0))), AT),
        ({"zone": "Door"}, presence(zones=(left("Door", 8),)), after(-1)),
        ({"zone": "Door"}, presence(zones=(stay("Door", 8, inside=False),)), AT),
        ({"zone": "Door", "labels": ["car"]}, presence(zones=(stay("Door", 8),)), None),
    ],
)
def test_somebody_is_there_who_counts(said: dict[str, Any], seen: Presence, at: datetime | None) -> None:
    assert absence(**said).seen_at(seen) == at


def test_it_never_holds_for_a_presence_or_a_finding() -> None:
    condition = absence()
    assert not condition.holds(presence(), AT)
    assert condition.found(Found("fire_smoke", {"detections": [{"label": "fire"}]}, AT)) is None
    assert (condition.modules(), condition.asks_findings()) == ((), False)
    assert absence(zone="Door").zones() == {"zone": "Door"}


def test_it_is_awake_inside_its_schedule() -> None:
    assert absence().awake(AT)
    assert absence(schedule=DAY).awake(AT)
    assert not absence(schedule=OTHER).awake(AT)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "absence"}, "condition.for_s"),
        ({**NOBODY, "for_s": 29.9}, "condition.for_s"),
        ({**NOBODY, "for_s": 604_800.5}, "condition.for_s"),
        ({**NOBODY, "for_s": "60"}, "condition.for_s"),
        ({**NOBODY, "dwell_s": 5}, "condition.dwell_s"),
        ({**NOBODY, "zone": ""}, "condition.zone"),
        ({"kind": "not", "condition": NOBODY}, "condition.condition.kind"),
        ({"kind": "all", "conditions": [{}, NOBODY]}, "condition.conditions.1.kind"),
        ({"kind": "any", "conditions": [NOBODY]}, "condition.conditions.0.kind"),
        (
            {"kind": "all", "conditions": [{"kind": "not", "condition": NOBODY}]},
            "condition.conditions.0.condition.kind",
        ),
    ],
)
def test_what_is_none_is_refused_with_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_condition(values)
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize("for_s", [30, 604_800])
def test_it_takes_from_half_a_minute_to_a_week_and_is_written_as_it_was_read(for_s: int) -> None:
    values = {**NOBODY, "for_s": for_s, "labels": ["person"], "zone": "Door", "min_confidence": 0.5, "schedule": DAY}
    assert parse_condition(parse_condition(values).document()) == parse_condition(values)
    assert parse_condition(values).document()["for_s"] == for_s


def counted(*pictures: tuple[float, float | None]) -> tuple[float, float]:
    """Since when nobody is there, and how much of that is counted, in seconds after the first picture."""
    vacancy: Vacancy | None = None
    for at, seen in pictures:
        vacancy = vacancy_at(vacancy, watched_at=after(at), seen_at=None if seen is None else after(seen))
    assert vacancy is not None
    return (vacancy.began_at - AT).total_seconds(), vacancy.counted_s


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        ([(0, None)], (0, 0)),
        ([(0, None), (10, None), (20, None)], (0, 20)),
        ([(0, -5), (10, -5)], (0, 10)),  # seen before the counting began
        ([(0, None), (10, 10)], (10, 0)),
        ([(0, None), (10, 4)], (4, 6)),
        ([(0, None), (10, 4), (20, 4)], (4, 16)),
        ([(0, None), (10, 12), (20, 12)], (12, 8)),  # heard of before the picture was
        ([(0, None), (10, None), (10 + MOST_BETWEEN_S, None)], (0, 30)),
        ([(0, None), (10, None), (3600, None), (3610, None)], (0, 20)),  # the camera was down
        ([(0, None), (10, None), (3600, 3590)], (3590, 0)),  # nobody looked in between
        ([(0, None), (10, None), (3600, 3590), (3610, 3590)], (3590, 10)),
        ([(0, None), (10, None), (-3600, None), (-3590, None)], (-3600, 10)),  # the clock was set back
        ([(0, None), (10, 9), (-3600, 9), (-3590, 9)], (-3600, 10)),
        ([(0, None), (10, 9), (-3600, 9), (-3590, -3592)], (-3592, 2)),
        ([(0, None), (10, None), (5, None), (15, None)], (0, 15)),  # told in another order
        ([(0, None), (10, None), (10, None), (10, None)], (0, 10)),  # no new picture
    ],
)
def test_the_time_is_counted(pictures: list[tuple[float, float | None]], expected: tuple[float, float]) -> None:
    began, seconds = counted(*pictures)
    assert (began, seconds) == expected


steps = st.lists(st.tuples(st.floats(0.1, 60), st.none() | st.floats(0, 5)), max_size=30)


@given(steps)
def test_never_more_is_counted_than_was_watched_since_somebody_was_there(steps: list[tuple[float, Any]]) -> None:
    vacancy, at, seen = vacancy_at(None, watched_at=AT, seen_at=None), AT, None
    watched_s = 0.0
    for passed, ago in steps:
        at += timedelta(seconds=passed)
        watched_s += passed if passed <= MOST_BETWEEN_S else 0.0
        if ago is not None:
            seen = at - timedelta(seconds=ago)
        before, vacancy = vacancy, vacancy_at(vacancy, watched_at=at, seen_at=seen)
        assert vacancy.began_at >= before.began_at
        assert vacancy.counted_s <= watched_s + 0.001
        assert vacancy.counted_s <= (at - vacancy.began_at).total_seconds() + 0.001
        if ago is None and passed <= MOST_BETWEEN_S:
            assert vacancy.counted_s == pytest.approx(before.counted_s + passed, abs=0.001)


@given(steps)
def test_to_look_twice_at_the_same_picture_changes_nothing(steps: list[tuple[float, Any]]) -> None:
    vacancy, at, seen = vacancy_at(None, watched_at=AT, seen_at=None), AT, None
    for passed, ago in steps:
        at += timedelta(seconds=passed)
        seen = seen if ago is None else at - timedelta(seconds=ago)
        vacancy = vacancy_at(vacancy, watched_at=at, seen_at=seen)
        assert vacancy_at(vacancy, watched_at=at, seen_at=seen) == vacancy


SUNDAY_NIGHT = {"days": ["sun"], "from": "22:00", "to": "24:00"}


@pytest.mark.parametrize(
    ("for_s", "windows", "expected"),
    [
        (7200, [{"from": "10:00", "to": "11:00"}], "never awake for longer than 3600 s"),
        (3600, [{"from": "10:00", "to": "11:00"}], "never awake for longer than 3600 s"),
        (3599, [{"from": "10:00", "to": "11:00"}], None),
        (7200, [{"from": "10:00", "to": "11:00"}, {"from": "11:00", "to": "13:00"}], None),
        (7200, [{"from": "23:00", "to": "00:30"}, {"from": "00:00", "to": "02:00"}], None),
        (7200, [SUNDAY_NIGHT, {"days": ["mon"], "from": "00:00", "to": "00:30"}], None),
        (7200, [SUNDAY_NIGHT, {"days": ["tue"], "from": "00:00", "to": "01:00"}], "never awake for longer than 7200 s"),
        (604_800, [{"from": "00:00", "to": "24:00"}], None),
        (604_800, [{"days": ["mon"], "from": "00:00", "to": "24:00"}], "never awake for longer than 86400 s"),
    ],
)  # fmt: skip
def test_a_new_absence_that_no_window_is_long_enough_for_is_refused(
    for_s: float, windows: list[dict[str, Any]], expected: str | None
) -> None:
    values = {"kind": "absence", "for_s": for_s, "schedule": {"windows": windows}}
    if expected is None:
        assert parse_condition(values, new=True)
        return
    with pytest.raises(InvalidInput, match=expected) as error:
        parse_condition(values, new=True)
    assert error.value.field == "condition.schedule"
    assert parse_condition(values), "one that is stored must load"
