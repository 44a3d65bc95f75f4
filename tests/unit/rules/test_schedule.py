"""Weekly windows of wall-clock time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput, UserError
from shared.rules.condition import parse_condition
from shared.rules.schedule import DAYS, Schedule, Window
from shared.settings.section import parse_section

PARIS = ZoneInfo("Europe/Paris")
WORK = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"}
NIGHT = {"days": ["fri"], "from": "22:00", "to": "06:00"}
WHOLE = {"from": "00:00", "to": "24:00"}


def schedule(*windows: object, timezone: str = "Europe/Paris") -> Schedule:
    return parse_section(Schedule, {"timezone": timezone, "windows": list(windows)}, path="schedule")


@pytest.mark.parametrize(
    ("window", "local", "awake"),
    [
        (WORK, "2026-01-12 08:00", True),  # a Monday
        (WORK, "2026-01-12 07:59:59", False),
        (WORK, "2026-01-12 17:59:59", True),
        (WORK, "2026-01-12 18:00", False),
        (WORK, "2026-01-17 12:00", False),  # a Saturday
        (NIGHT, "2026-01-16 21:59", False),  # the Friday
        (NIGHT, "2026-01-16 22:00", True),
        (NIGHT, "2026-01-17 05:59", True),  # goes on into Saturday
        (NIGHT, "2026-01-17 06:00", False),
        (NIGHT, "2026-01-17 22:00", False),  # does not start on Saturday
        (NIGHT, "2026-01-16 05:00", False),  # nor did it on Thursday
        ({"days": ["sun"], "from": "22:00", "to": "06:00"}, "2026-01-19 03:00", True),  # into Monday
        (WHOLE, "2026-01-12 00:00", True),
        (WHOLE, "2026-01-12 23:59:59.999999", True),
        ({"days": ["mon"], **WHOLE}, "2026-01-13 00:00", False),
        ({"days": ["mon"], "from": "08:00", "to": "08:00"}, "2026-01-13 07:59", True),
    ],
)
def test_a_window_holds_by_the_clock_on_the_wall(window: dict[str, object], local: str, *, awake: bool) -> None:
    assert schedule(window).awake(datetime.fromisoformat(local).replace(tzinfo=PARIS).astimezone(UTC)) is awake


@pytest.mark.parametrize(
    ("at", "awake"),
    [
        # In the night to 29 March 2026 the clock in Paris jumps from 02:00 to 03:00.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), False),  # 01:59
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),  # 03:00: the window did not happen
        # In the night to 25 October 2026 the hour from 02:00 comes twice.
        (datetime(2026, 10, 25, 0, 15, tzinfo=UTC), True),  # 02:15 in summer time
        (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), False),
        (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), True),  # 02:15 in winter time
        (datetime(2026, 10, 25, 1, 45, tzinfo=UTC), False),
    ],
)
def test_daylight_saving_skips_and_repeats_windows_inside_its_hour(at: datetime, *, awake: bool) -> None:
    assert schedule({"from": "02:00", "to": "02:30"}).awake(at) is awake


def test_a_window_over_the_change_ends_by_the_new_time() -> None:
    night = schedule({"days": ["sat"], "from": "22:00", "to": "06:00"})
    assert night.awake(datetime(2026, 3, 29, 3, 59, tzinfo=UTC))  # 05:59 in summer time
    assert not night.awake(datetime(2026, 3, 29, 4, 0, tzinfo=UTC))


moments = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))
zones = st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(moments, clocks, clocks, st.sets(st.sampled_from(DAYS)), zones)
def test_a_window_and_its_complement_never_agree(
    at: datetime, start: time, end: time, days: set[str], zone: str
) -> None:
    """Every day from `start` to `end` or from `end` to `start`, one of the two: also over midnight and the change."""
    if start == end:
        return
    there, back = (Window.model_validate({"from": first, "to": last}) for first, last in ((start, end), (end, start)))
    views = [Schedule(timezone=zone, windows=(window,)).awake(at) for window in (there, back)]
    assert views.count(True) == 1
    some_days = Schedule(timezone=zone, windows=(Window.model_validate({"days": days, "from": start, "to": end}),))
    assert some_days.awake(at) <= views[0]


@given(moments, clocks, st.sampled_from(DAYS), zones)
def test_a_whole_day_is_awake_on_that_day_alone(at: datetime, start: time, day: str, zone: str) -> None:
    whole = Schedule(timezone=zone, windows=(Window.model_validate({"days": [day], "from": "00:00", "to": "24:00"}),))
    assert whole.awake(at) is (DAYS[at.astimezone(ZoneInfo(zone)).weekday()] == day)


def test_the_json_form_reads_back() -> None:
    made = schedule(WORK, NIGHT)
    assert Schedule.model_validate_json(made.model_dump_json(by_alias=True)) == made


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"timezone": "Mars/Olympus", "windows": [WORK]}, "schedule.timezone"),
        ({"timezone": "../../etc/passwd", "windows": [WORK]}, "schedule.timezone"),
        ({"timezone": "", "windows": [WORK]}, "schedule.timezone"),
        ({"windows": []}, "schedule.windows"),
        ({"windows": [{"from": "25:00", "to": "06:00"}]}, "schedule.windows.0.from"),
        ({"windows": [{"from": "22:00"}]}, "schedule.windows.0.to"),
        ({"windows": [{"from": "22:00+01:00", "to": "23:00"}]}, "schedule.windows.0.from"),
        ({"windows": [{**WORK, "days": ["monday"]}]}, "schedule.windows.0.days.0"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_section(Schedule, values, path="schedule")
    assert caught.value.field == field


def test_half_a_second_belongs_to_the_window_it_lies_in() -> None:
    at = datetime(2026, 1, 12, 18, 0, tzinfo=PARIS) - timedelta(microseconds=1)
    assert schedule(WORK).awake(at)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SLEEP = {"from": "22:00", "to": "06:00"}


@pytest.mark.parametrize(
    ("windows", "at", "asleep_from"),
    [
        ([SLEEP], "2026-01-15 12:00", "2026-01-15 12:00"),  # it is asleep already
        ([SLEEP], "2026-01-15 21:00", "2026-01-16 05:00"),  # 22:00 in Paris to 06:00
        ([SLEEP], "2026-01-16 04:59:59", "2026-01-16 05:00"),
        ([SLEEP, {"from": "06:00", "to": "08:00"}], "2026-01-15 23:00", "2026-01-16 07:00"),  # windows that touch
        ([SLEEP, {"from": "05:00", "to": "08:00"}], "2026-01-15 23:00", "2026-01-16 07:00"),  # and that overlap
        ([{"days": ["sat", "sun"], **WHOLE}], "2026-01-17 12:00", "2026-01-18 23:00"),  # the whole weekend
        ([WHOLE], "2026-01-15 12:00", None),
        ([SLEEP, {"from": "06:00", "to": "22:00"}], "2026-01-15 12:00", None),
        # In the night to 29 March the clock jumps from 02:00 to 03:00, in that to 25 October from 03:00 back to 02:00.
        ([SLEEP], "2026-03-28 22:00", "2026-03-29 04:00"),  # an hour less of sleep
        ([SLEEP], "2026-10-24 21:00", "2026-10-25 05:00"),  # and one more
        ([{"from": "22:00", "to": "02:30"}], "2026-03-28 22:00", "2026-03-29 01:00"),  # 02:30 does not happen
        ([{"from": "22:00", "to": "02:30"}], "2026-10-24 22:00", "2026-10-25 00:30"),  # the first 02:30
        ([{"from": "22:00", "to": "02:30"}], "2026-10-25 01:10", "2026-10-25 01:30"),  # the second one
        ([{"from": "02:30", "to": "04:00"}], "2026-10-25 00:40", "2026-10-25 01:00"),  # it is 02:00 once more
    ],
)
def test_a_schedule_tells_when_it_falls_asleep(windows: list[object], at: str, asleep_from: str | None) -> None:
    expected = None if asleep_from is None else utc(asleep_from)
    assert schedule(*windows).asleep_from(utc(at)) == expected


@given(moments, st.lists(st.tuples(clocks, clocks, st.sets(st.sampled_from(DAYS))), min_size=1, max_size=3), zones)
def test_a_schedule_stays_awake_until_it_falls_asleep(
    at: datetime, spans: list[tuple[time, time, set[str]]], timezone: str
) -> None:
    windows = [{"days": sorted(days), "from": f"{start:%H:%M}", "to": f"{end:%H:%M}"} for start, end, days in spans]
    weekly = schedule(*windows, timezone=timezone)
    asleep_from = weekly.asleep_from(at)
    until = asleep_from or at + timedelta(days=8)
    assert asleep_from is None or (asleep_from >= at and not weekly.awake(asleep_from))
    step = max(timedelta(minutes=7), (until - at) / 200)
    moment = at
    while moment < until:
        assert weekly.awake(moment)
        moment += step
    assert until == at or weekly.awake(max(at, until - timedelta(microseconds=1)))


@pytest.mark.parametrize("name", ["localtime", "posixrules", "Nowhere/Never", "../UTC"])
def test_a_new_schedule_is_in_a_zone_that_means_the_same_everywhere(name: str) -> None:
    values = {"schedule": {"timezone": name, "windows": [WHOLE]}}
    with pytest.raises(InvalidInput, match="is not an IANA time zone") as error:
        parse_condition(values, new=True)
    assert error.value.field == "condition.schedule.timezone"


def test_a_stored_schedule_in_the_zone_of_the_machine_is_read() -> None:
    here = Path(TZPATH[0], "localtime") if TZPATH else None
    if here is None or not here.exists():
        pytest.skip("this machine has no such zone")
    assert parse_condition({"schedule": {"timezone": "localtime", "windows": [WHOLE]}})


def test_a_time_that_yaml_reads_as_a_number_is_asked_for_in_quotes() -> None:
    values = yaml.safe_load("schedule: {windows: [{from: 22:00, to: '06:00'}, {from: '22:00', to: x}]}")
    with pytest.raises(InvalidInput) as error:
        parse_condition(values)
    first, second = error.value.problems
    assert first.reason.startswith("must be a time of day in quotes, such as '22:00'")
    assert second.reason.startswith("must be a time of day such as 22:00")
