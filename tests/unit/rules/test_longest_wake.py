"""How long a schedule is awake at a stretch."""

from __future__ import annotations

from datetime import time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.rules.longest_wake import longest_wake
from shared.rules.schedule import DAYS, Schedule, Window

_DAY = 24 * 60
_WEEK = 7 * _DAY

# Whole minutes, for the search to count; often the same ones, for windows to touch.
clocks = st.builds(time, st.sampled_from([0, 1, 8, 12, 22, 23]), st.sampled_from([0, 1, 30, 59]))
windows = st.builds(
    lambda days, start, end: Window.model_validate({"days": days, "from": start, "to": end}),
    st.lists(st.sampled_from(DAYS), unique=True).map(tuple),
    clocks,
    clocks,
)


def searched(schedule: Schedule) -> timedelta | None:
    """The longest run of minutes of a week that comes again and again."""
    awake = [_is_awake(schedule, minute) for minute in range(_WEEK)]
    if all(awake):
        return None
    longest = run = 0
    for each in (*awake, *awake):
        run = run + 1 if each else 0
        longest = max(longest, run)
    return timedelta(minutes=longest)


def _is_awake(schedule: Schedule, minute: int) -> bool:
    day, inside = divmod(minute, _DAY)
    return any(window.holds(day, time(inside // 60, inside % 60)) for window in schedule.windows)


@given(st.lists(windows, min_size=1, max_size=5))
def test_it_is_what_a_search_through_the_week_finds(found: list[Window]) -> None:
    schedule = Schedule(windows=tuple(found))
    assert longest_wake(schedule) == searched(schedule)


def test_days_that_follow_each_other_have_no_end() -> None:
    whole = Window.model_validate({"from": "00:00", "to": "24:00"})
    assert longest_wake(Schedule(windows=(whole,))) is None
