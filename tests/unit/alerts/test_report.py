from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.alerts.announcing import notice_of
from services.alerts.letter import letter
from services.alerts.notice import Notice
from services.alerts.report import Day, DayFacts, day_due, report_lines, report_text
from services.alerts.wording import wording
from shared.domain.recipient import Language

LATE = timedelta(hours=6)
ENGLISH = wording("en")


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
        "date": date(2026, 1, 15),
        **{name: {} for name in ("cameras", "labels", "rules", "verdicts", "down_s")},
        **dict.fromkeys(("events", "dead", "disk_free", "disk_total"), 0),
        "still_down": frozenset(),
    }
    return DayFacts(**{**nothing, **values})  # type: ignore[arg-type]


def test_a_quiet_day_is_one_line() -> None:
    assert report_text(_facts(), ENGLISH) == "daily report of 2026-01-15: 0 events"
    assert report_lines(_facts(), ENGLISH) == ()


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
    assert report_text(facts, ENGLISH) == (
        "daily report of 2026-01-15: 4 events, 2 cameras down at times, 1 message not delivered"
    )
    assert report_lines(facts, ENGLISH) == (
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
    (line,) = report_lines(_facts(cameras={f"cam_{number:02d}": 1 for number in range(15)}), ENGLISH)
    assert line.endswith("cam_11 1, others 3")


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "fr",
            (
                "rapport du 2026-01-15\u00a0: 2 événements, 1 caméra en panne par moments",
                "Caméras\u00a0: door 2",
                "Vu\u00a0: personne 2",
                "Jugé\u00a0: fausse alerte 2",
                "En panne\u00a0: gate pendant 1 h 30 min, et l’est encore",
                "Disque\u00a0: 5.0 GiB libres (25 %)",
            ),
        ),
        (
            "ru",
            (
                "отчёт за 2026-01-15: 2 события, 1 камера временами не работала",
                "Камеры: door 2",
                "Замечено: человек 2",
                "Проверено: ложная тревога 2",
                "Не работает: gate, уже 1 ч 30 мин",
                "Диск: свободно 5.0 GiB (25 %)",
            ),
        ),
    ],
)
def test_a_report_is_told_in_the_readers_words(language: Language, lines: tuple[str, ...]) -> None:
    facts = _facts(
        events=2,
        cameras={"door": 2},
        labels={"person": 2},
        verdicts={"rejected": 2},
        down_s={"gate": 5400.0},
        still_down=frozenset({"gate"}),
        disk_free=5 * 2**30,
        disk_total=20 * 2**30,
    )
    now = datetime(2026, 1, 15, 7, tzinfo=UTC)
    english = report_text(facts, ENGLISH)
    notice = notice_of("report", "daily_report", english, subject="day", now=now, severity=0)
    stored = notice.model_copy(update={"facts": facts, "details": report_lines(facts, ENGLISH)}).model_dump_json()
    assert letter(Notice.model_validate_json(stored), language=language, now=now).lines[1:] == lines
