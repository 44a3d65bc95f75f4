"""A notice in words."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.letter import TITLE_LENGTH, Letter, letter
from services.alerts.notice import Notice
from services.alerts.part_words import in_words, label_of
from services.alerts.steadiness import Turn
from services.alerts.wording import wording
from shared.domain.recipient import LANGUAGES, PRESSES, Language
from shared.messages.events import EventRaised

NOTICE = Notice.of(EventRaised.example())
NOW = NOTICE.captured_at + timedelta(seconds=2)


def told(language: Language = "en", *, after_s: float = 2.0, **fields: object) -> Letter:
    now = NOTICE.captured_at + timedelta(seconds=after_s)
    return letter(NOTICE.model_copy(update=fields), language=language, now=now)


def test_a_detection_says_what_where_and_when() -> None:
    assert told() == Letter(
        title="Front door: person in Door",
        lines=("15 Jan 2026, 10:30:45 UTC", "Confidence: 94%", "Rule: rule_001"),
        photo=NOTICE.snapshot,
        buttons=told().buttons,
    )


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Front door: person in Door and Yard: ABC-123"),
        ("fr", "Front door\u00a0: personne dans les zones Door et Yard\u00a0: ABC-123"),
        ("ru", "Front door: человек в зонах Door и Yard: ABC-123"),
        ("zh-TW", "Front door：人（區域：Door和Yard）：ABC-123"),
    ],
)
def test_what_a_specialist_found_follows_in_its_own_words(language: Language, title: str) -> None:
    found = told(language, zones=("Door", "Yard"), text="person in Door, Yard: ABC-123")
    assert found.title == title
    assert found.language == language


def test_a_text_that_is_made_otherwise_is_not_lost() -> None:
    assert told(text="somebody rings", zones=()).title == "Front door: person: somebody rings"
    assert told(text="", zones=()).title == "Front door: person"


@pytest.mark.parametrize(
    ("language", "minutes", "line"),
    [
        ("en", 11, "This happened 11 minutes ago."),
        ("en", 119, "This happened 119 minutes ago."),
        ("en", 130, "This happened 2 hours ago."),
        ("en", 3 * 1440, "This happened 3 days ago."),
        ("ru", 21, "Это произошло 21 минуту назад."),
        ("ru", 22, "Это произошло 22 минуты назад."),
        ("ru", 12, "Это произошло 12 минут назад."),
        ("ru", 21 * 60, "Это произошло 21 час назад."),
        ("fr", 180, "Cela s’est passé il y a 3 heures."),
        ("zh-TW", 15, "這發生在 15 分鐘前。"),
    ],
)
def test_what_comes_late_says_how_late(language: Language, minutes: int, line: str) -> None:
    assert told(language, after_s=minutes * 60).lines[1] == line


def test_what_comes_soon_says_nothing_of_it() -> None:
    assert not any("ago" in line for line in told(after_s=600).lines)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"verdict": "confirmed", "ai_response": "A thief."}, "Confirmed: A thief."),
        ({"verdict": "rejected", "ai_response": "A cat."}, "Judged a false alarm: A cat."),
        ({"verdict": "unverified"}, "Not verified"),
        ({"ai_response": "A cat."}, "A cat."),
        ({"threat_level": 0}, "Threat level: none"),
        ({"threat_level": 3}, "Threat level: act now"),
        ({"severity": 2}, "Severity: moderate"),
        ({"severity": 99}, "Severity: critical"),
        ({"rules": ("a", "b")}, "Rules: a and b"),
    ],
)
def test_what_is_known_has_a_line(fields: dict[str, object], line: str) -> None:
    assert line in told(**fields).lines


def test_the_least_severity_and_what_is_not_known_have_none() -> None:
    assert not any(line.startswith(("Severity", "Threat", "Confirmed", "Not")) for line in told().lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Front door gives no pictures: timeout", "Reason: no answer in time"),
        ("Front door gives no pictures: 401 from the camera", "Reason: 401 from the camera"),
        ("Front door gives no pictures", None),
    ],
)
def test_a_camera_that_is_down_says_why(text: str, reason: str | None) -> None:
    down = told(kind="camera_down", text=text, snapshot=None)
    assert down.title == "Front door gives no pictures"
    assert down.lines[1:] == ((reason,) if reason else ())
    assert down.buttons == ()


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Front door gives pictures again"),
        ("fr", "Front door donne de nouveau des images"),
        ("ru", "Front door: изображение снова есть"),
        ("zh-TW", "Front door 已恢復畫面"),
    ],
)
def test_a_camera_that_is_back_says_so(language: Language, title: str) -> None:
    assert told(language, kind="camera_up").title == title


@pytest.mark.parametrize(
    ("language", "count", "title"),
    [
        ("en", 1, "Front door: 1 more event"),
        ("en", 12, "Front door: 12 more events"),
        ("fr", 12, "Front door\u00a0: 12 autres événements"),
        ("ru", 1, "Front door: ещё 1 событие"),
        ("ru", 3, "Front door: ещё 3 события"),
        ("ru", 12, "Front door: ещё 12 событий"),
        ("zh-TW", 12, "Front door：另有 12 個事件"),
    ],
)
def test_a_digest_counts_and_names_what_was_held_back(language: Language, count: int, title: str) -> None:
    digest = told(language, kind="digest", count=count, text="person in Door\ncar in Yard")
    assert digest.title == title
    assert digest.lines[1:] == ("person in Door", "car in Yard")


def test_a_digest_of_no_one_camera_begins_with_a_capital() -> None:
    assert told("ru", kind="digest", count=5, camera_name="").title == "Ещё 5 событий"


def test_a_report_and_a_systems_trouble_keep_their_lines() -> None:
    assert told(kind="report", text="12 events\n1 camera down").lines[1:] == ("12 events", "1 camera down")
    system = told(kind="system", text="the judge does not answer\nsince 10:30")
    assert (system.title, system.lines[1:]) == ("System: the judge does not answer", ("since 10:30",))


@pytest.mark.parametrize(
    ("part", "turn", "language", "title"),
    [
        ("redis", "down", "en", "System: Redis does not answer: cameras are not watched"),
        ("redis", "up", "fr", "Système\u00a0: Redis répond de nouveau"),
        ("disk", "down", "ru", "Система: диск почти заполнен"),
        ("judge", "up", "zh-TW", "系統：判定服務已恢復回應"),
        ("alerts-worker", "down", "fr", "Système\u00a0: le service alerts-worker ne fonctionne pas"),
    ],
)
def test_a_part_that_fails_is_told_in_the_readers_words(part: str, turn: Turn, language: Language, title: str) -> None:
    english = in_words(part, turn, wording("en"))
    assert told(language, kind="system", label=label_of(part, turn), text=english).title == title
    assert told(language, kind="system", label=label_of(part, turn), text="of old").title.endswith("of old")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_says_that_it_is_one(language: Language) -> None:
    expected = {"en": "Test alert", "fr": "Alerte d’essai", "ru": "Пробное оповещение", "zh-TW": "測試警報"}
    trial = told(language, test=True, text="hello")
    assert trial.title.startswith(expected[language])
    assert "hello" in trial.title
    assert (trial.buttons, trial.link) == ((), None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_has_a_button_in_the_readers_words(language: Language) -> None:
    buttons = told(language).buttons
    assert sorted(button.press for button in buttons) == sorted(PRESSES)
    assert len({button.text for button in buttons}) == len(PRESSES)


def test_a_link_leads_to_the_event_where_people_can_reach_it() -> None:
    assert told().link is None
    linked = letter(NOTICE, language="en", now=NOW, public_url="https://argus.example.org/")
    assert linked.link == f"https://argus.example.org/events/{NOTICE.event_id}"


def test_times_are_told_by_the_readers_clock() -> None:
    assert letter(NOTICE, language="en", now=NOW, zone=ZoneInfo("Asia/Tokyo")).lines[0] == (
        "15 Jan 2026, 19:30:45 UTC+09:00"
    )


def test_zones_that_the_title_has_no_room_for_have_a_line() -> None:
    names = tuple(f"the zone with number {number}" for number in range(12))
    crowded = told(zones=names, text="person")
    assert len(crowded.title) == TITLE_LENGTH
    assert crowded.title.endswith("…")
    assert any(line.startswith("Zones: the zone with number 0, ") for line in crowded.lines)


@given(
    text=st.text(),
    name=st.text(),
    zones=st.lists(st.text(), max_size=3),
    said=st.text(),
    language=st.sampled_from(LANGUAGES),
)
def test_whatever_people_call_things_each_line_is_one_line(
    text: str, name: str, zones: list[str], said: str, language: Language
) -> None:
    written = told(language, text=text, camera_name=name, zones=tuple(zones), ai_response=said, label=text)
    assert len(written.title) <= TITLE_LENGTH
    for line in (written.title, *written.lines):
        assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(each) for each in line}
        assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert all(written.lines)
