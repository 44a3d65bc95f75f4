from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from services.alerts.channel import Channel
from services.alerts.hint import Hint
from services.alerts.notice import Notice
from services.alerts.policy import Manners
from services.alerts.reporter import Reporter
from shared.accounts.users import add_account
from shared.db.engine import SessionFactory, sessions
from shared.db.tables import Alert, Delivery, Event
from shared.rules.schedule import Schedule
from shared.settings.sections import AlertsSettings
from tests.unit.alerts.watched import Subscribed, channels, person, told

SEVEN = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)
ALICE, BOB = 1, 2


@pytest.fixture
def factory(engine: Engine) -> SessionFactory:
    made = sessions(engine)
    with made.begin() as session:
        for name in ("alice", "bob"):
            add_account(session, username=name, password="correct horse", role="operator", now=SEVEN)
    return made


def _reporter(
    factory: SessionFactory, known: dict[str, Channel], *, now: datetime = SEVEN, hints: list[Hint] | None = None
) -> Reporter:
    return Reporter(
        factory,
        known,
        AlertsSettings(),
        data_dir=Path(),
        enqueue=(hints if hints is not None else []).append,
        now=lambda: now,
        disk=lambda _: (100 * 2**30, 10 * 2**30),
    )


def _event(factory: SessionFactory, *, at: datetime, account_id: int = ALICE, **values: Any) -> None:
    defaults = {"camera_slug": "door", "label": "person", "confidence": 0.9, "rules": ["rule_001"], "stored_at": at}
    with factory.begin() as session:
        number = f"{account_id}-{at.timestamp()}-{values.get('kind', '')}"
        row = {**defaults, "uuid": number, "occurred_at": at, "started_at": at, **values}
        session.add(Event(account_id=account_id, **row))


def _notices(factory: SessionFactory) -> dict[int | None, Notice]:
    with factory() as session:
        rows = session.execute(select(Alert.account_id, Alert.notice).where(Alert.id != "a")).all()
    return {account: Notice.model_validate(stored) for account, stored in rows}


def test_each_account_is_told_of_its_own_day_once(factory: SessionFactory) -> None:
    for hours in (1, 2, 23):
        _event(factory, at=SEVEN - timedelta(hours=hours), verdict="confirmed")
    _event(factory, at=SEVEN - timedelta(hours=25))
    _event(factory, at=SEVEN)
    _event(factory, at=SEVEN - timedelta(hours=3), account_id=BOB, label="car", rules=["a", "b"])
    known = channels(
        person("1", "report", account_id=ALICE),
        person("2", "report", "detection"),
        person("3", "report", account_id=BOB),
        person("4", "detection", account_id=ALICE),
        person("5", "report", account_id=ALICE, manners=Manners(muted_until=SEVEN + timedelta(hours=1))),
    )
    hints: list[Hint] = []
    assert _reporter(factory, known, hints=hints).report() == 3
    assert sorted(told(factory), key=lambda each: each[1]) == [
        ("daily report of 2026-01-15: 3 events", "1", ALICE),
        ("daily report of 2026-01-15: 4 events", "2", None),
        ("daily report of 2026-01-15: 1 event", "3", BOB),
        ("daily report of 2026-01-15: 3 events", "5", ALICE),
    ]
    assert sorted((hint.channel, hint.recipient) for hint in hints) == [("email", "1"), ("email", "2"), ("email", "3")]
    found = _notices(factory)
    assert found[ALICE].details[:4] == ("Cameras: door 3", "Seen: person 3", "Rules: rule_001 3", "Judged: confirmed 3")
    assert found[BOB].details[:3] == ("Cameras: door 1", "Seen: car 1", "Rules: a 1, b 1")
    assert (found[None].kind, found[None].count, found[ALICE].count) == ("report", 4, 3)
    assert found[None].details[-1] == "Disk: 10.0 GiB free (10 %)"


def test_whoever_is_muted_or_sleeps_is_told_when_that_is_over(factory: SessionFactory) -> None:
    night = Schedule.model_validate({"timezone": "Europe/Paris", "windows": [{"from": "22:00", "to": "09:30"}]})
    known = channels(
        person("1", "report", manners=Manners(muted_until=SEVEN + timedelta(hours=1))),
        person("2", "report", manners=Manners(quiet=night)),
    )
    assert _reporter(factory, known).report() == 0
    with factory() as session:
        due = session.execute(select(Delivery.recipient, Delivery.due_at, Delivery.state).order_by(Delivery.recipient))
        assert [tuple(row) for row in due] == [
            ("1", SEVEN + timedelta(hours=1), "queued"),
            ("2", SEVEN + timedelta(hours=1, minutes=30), "queued"),
        ]
        ages = session.execute(select(Delivery.created_at, Delivery.due_at))
        assert all(created_at == due_at for created_at, due_at in ages), "the time of sleep would count as its age"


def test_replicas_and_restarts_make_no_second_report_and_the_next_day_does(factory: SessionFactory) -> None:
    known = channels(person("1", "report"))
    first, replica = _reporter(factory, known), _reporter(factory, known, now=SEVEN + timedelta(hours=5))
    assert [first.report(), first.report(), replica.report()] == [1, 0, 0]
    assert _reporter(factory, known, now=SEVEN + timedelta(hours=7)).report() == 0
    assert _reporter(factory, known, now=SEVEN + timedelta(hours=24)).report() == 1
    assert len(told(factory)) == 2


def test_a_report_that_was_missed_is_made_up_for_and_not_after_too_long(factory: SessionFactory) -> None:
    known = channels(person("1", "report"))
    assert _reporter(factory, known, now=SEVEN - timedelta(hours=1)).report() == 0
    assert _reporter(factory, known, now=SEVEN + timedelta(hours=6, seconds=1)).report() == 0
    assert _reporter(factory, known, now=SEVEN + timedelta(hours=6)).report() == 1


def test_where_nobody_reads_reports_none_is_stored(factory: SessionFactory) -> None:
    assert _reporter(factory, channels(person("1", "detection"))).report() == 0
    assert _notices(factory) == {}


def test_whoever_subscribes_later_in_the_day_is_told_the_next_one(factory: SessionFactory) -> None:
    known = channels()
    reporter, desk = _reporter(factory, known), known["email"]
    assert reporter.report() == 0
    assert isinstance(desk, Subscribed)
    desk.people.append(person("1", "report"))
    assert reporter.report() == 0
    assert _reporter(factory, known, now=SEVEN + timedelta(hours=1)).report() == 1
    desk.people.append(person("2", "report"))
    assert _reporter(factory, known, now=SEVEN + timedelta(hours=2)).report() == 0
    assert [recipient for _, recipient, _ in told(factory)] == ["1"]


def test_cameras_that_were_down_are_told_with_how_long_within_the_day(factory: SessionFactory) -> None:
    began = SEVEN - timedelta(hours=26)
    _event(factory, at=began, kind="camera_down", label="camera", ended_at=SEVEN - timedelta(hours=23))
    _event(factory, at=SEVEN - timedelta(minutes=30), kind="camera_down", camera_slug="gate")
    _event(factory, at=began - timedelta(days=3), kind="camera_down", ended_at=began, camera_slug="old")
    assert _reporter(factory, channels(person("1", "report"))).report() == 1
    notice = _notices(factory)[None]
    assert notice.text == "daily report of 2026-01-15: 0 events, 2 cameras down at times"
    assert notice.details[:2] == ("Down: door for 1 h 00 min", "Down: gate for 30 min, and still is")


def test_messages_that_were_given_up_are_counted(factory: SessionFactory) -> None:
    with factory.begin() as session:
        session.add(Alert(id="a", event_uuid="e", account_id=ALICE, notice={}, decided_at=SEVEN))
        session.flush()
        for number, (state, hours) in enumerate([("dead", 1), ("dead", 30), ("sent", 1)]):
            at = SEVEN - timedelta(hours=hours)
            values = {"alert_id": "a", "event_uuid": "e", "channel": "email", "recipient": str(number)}
            times = {"due_at": at, "created_at": at, "settled_at": at}
            session.add(Delivery(id=str(number), account_id=ALICE, state=state, **values, **times))
    _reporter(factory, channels(person("9", "report", account_id=ALICE))).report()
    assert "Not delivered: 1" in _notices(factory)[ALICE].details
