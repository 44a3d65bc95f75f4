from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.alerts.report import Day, DayFacts, day_due, report_lines, report_text

LATE = timedelta(hours=6)


def _due(now: str, *, at: str = "07:00", timezone: str = "Europe/Paris") -> Day | None:
    return day_due(datetime.fromisoformat(now), at=at, timezone=timezone, late=LATE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-15T05:59:59Z", None),
        ("2026-01-15T06:00:00Z", date(2026, 1, 15)),
        ("2026-01-15T12:00:00Z", date(2026, 1, 15)),
        ("2026-01-15T12:00:01Z", None),
    ],
)
def test_a_report_is_due_from_its_local_time_on_and_for_some_hours(now: str, expected: date | None) -> None:
    due = _due(now)
    assert (due.date if due is not None else None) == expected


def test_a_report_of_late_in_the_evening_is_made_up_for_after_midnight() -> None:
    due = _due("2026-01-16T01:00:00Z", at="23:00")
    assert due is not None
    assert (due.date, due.until) == (date(2026, 1, 15), datetime(2026, 1, 15, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    ("now", "hours"), [("2026-01-15T08:00:00Z", 24), ("2026-03-29T08:00:00Z", 23), ("2026-10-25T08:00:00Z", 25)]
)
def test_one_report_goes_on_where_the_last_one_ended_whatever_the_clocks_do(now: str, hours: int) -> None:
    due = _due(now)
    assert due is not None
    assert due.until - due.since == timedelta(hours=hours)
    before = day_due(due.since, at="07:00", timezone="Europe/Paris", late=LATE)
    assert before is not None
    assert before.until == due.since


def _facts(**values: object) -> DayFacts:
    nothing: dict[str, object] = {
        **{name: {} for name in ("cameras", "labels", "rules", "verdicts", "down_s")},
        **dict.fromkeys(("events", "dead", "disk_free", "disk_total"), 0),
        "still_down": frozenset(),
    }
    return DayFacts(**{**nothing, **values})  # type: ignore[arg-type]


DAY = Day(date(2026, 1, 15), datetime(2026, 1, 14, 6, tzinfo=UTC), datetime(2026, 1, 15, 6, tzinfo=UTC))


def test_a_quiet_day_is_one_line() -> None:
    assert report_text(DAY, _facts()) == "daily report of 2026-01-15: 0 events"
    assert report_lines(_facts()) == ()


def test_a_day_is_told_with_its_particulars() -> None:
    facts = _facts(
        events=4,
        cameras={"door": 1, "yard": 3},
        labels={"person": 4},
        rules={"rule_001": 4},
        verdicts={"confirmed": 2},
        down_s={"gate": 5400.0, "door": 30.0},
        still_down=frozenset({"gate"}),
        dead=1,
        disk_free=5 * 2**30,
        disk_total=20 * 2**30,
    )
    assert report_text(DAY, facts) == (
        "daily report of 2026-01-15: 4 events, 2 cameras down at times, 1 message not delivered"
    )
    assert report_lines(facts) == (
        "Cameras: yard 3, door 1",
        "Seen: person 4",
        "Rules: rule_001 4",
        "Judged: confirmed 2",
        "Down: gate for 1 h 30 min, and still is",
        "Down: door for 1 min",
        "Not delivered: 1",
        "Disk: 5.0 GiB free (25 %)",
    )


def test_a_long_list_is_cut_and_says_so() -> None:
    (line,) = report_lines(_facts(cameras={f"cam_{number:02d}": 1 for number in range(15)}))
    assert line.endswith("cam_11 1, others 3")
