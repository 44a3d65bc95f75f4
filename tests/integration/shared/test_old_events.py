"""Events and recognitions that are too old go, with what hangs on them; what is still needed stays."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from shared.db.base import Base
from shared.db.engine import read_sessions, sessions
from shared.db.tables import (
    Account,
    Alert,
    Appearance,
    Case,
    Delivery,
    DeliveryAttempt,
    Event,
    FaceSample,
    Feedback,
    Recognition,
    VerdictRow,
)
from shared.domain.ids import presence_id
from shared.media import MediaStore
from shared.retention.hanging import lock_deletable
from shared.retention.old_events import CHUNK, OldEvents, Removed
from shared.settings import Settings

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)


class World:
    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.writes, self.media = sessions(engine), MediaStore.open(settings.effective_media_url)
        self.seen: dict[str, set[str]] = {}
        self.old = OldEvents(
            self.writes,
            read_sessions(engine),
            media=self.media,
            there=lambda camera: self.seen.get(camera, set()),
            now=lambda: NOW,
            wait=lambda _: None,
        )
        with self.writes.begin() as session:
            for number, name in ((1, "alice"), (2, "bob")):
                session.add(Account(id=number, username=name, password_hash="x", role="admin", created_at=NOW))

    def event(self, number: int, *, days_ago: float = 31, **values: Any) -> Event:
        at = NOW - timedelta(days=days_ago)
        presence = presence_id("yard", number, int(at.timestamp() * 1000))
        path = f"yard/{at:%Y/%m/%d}/{presence}.jpg"
        said = {"account_id": 1, "presence_id": presence, "ended_at": at, "snapshot": f"snapshots/{path}"}
        said |= {"crop": f"crops/{path}", "label": "person", "confidence": 0.9, "uuid": str(uuid.uuid4())}
        times = {"started_at": at, "occurred_at": at, "stored_at": at}
        row = Event(camera_slug="yard", **times, **{**said, **values})
        for file in (row.snapshot, row.crop):
            if file:
                self.media.write(file, b"jpeg")
        self.add(row)
        return row

    def recognition(self, event: Event | None = None, *, days_ago: float = 31, account_id: int = 1) -> None:
        at = NOW - timedelta(days=days_ago)
        row = Recognition(camera_slug="yard", kind="face_match", at=at, stored_at=at, data={}, account_id=account_id)
        row.event_id = event.id if event is not None else None
        self.add(row)

    def delivery(self, event: Event, *, state: str = "sent") -> None:
        alert = str(uuid.uuid4())
        said = {"alert_id": alert, "event_uuid": event.uuid, "channel": "webhook", "recipient": "1"}
        told = Delivery(id=str(uuid.uuid4()), state=state, due_at=NOW, created_at=NOW, **said)
        self.add(Alert(id=alert, event_uuid=event.uuid, notice={}, decided_at=NOW))
        self.add(told)
        self.add(DeliveryAttempt(delivery_id=told.id, number=1, at=NOW, outcome="sent"))

    def add(self, row: Base) -> None:
        with self.writes.begin() as session:
            session.add(row)

    def count(self, table: type[Base]) -> int:
        with self.writes() as session:
            return session.execute(select(func.count()).select_from(table)).scalar_one()

    def has_files(self, event: Event) -> list[bool]:
        return [self.media.exists(path) for path in (event.snapshot, event.crop) if path]


@pytest.fixture
def world(engine: Engine, settings: Settings) -> World:
    return World(engine, settings)


def test_an_old_event_goes_with_everything_that_hangs_on_it(world: World) -> None:
    old, young = world.event(1), world.event(2, days_ago=29)
    for event in (old, young):
        world.recognition(event, days_ago=29)
        world.delivery(event)
        said = {"verdict": "confirmed", "outcome": "judged", "in_time": True, "evidence": [], "at": NOW}
        world.add(VerdictRow(event_id=event.id, **said))
        world.add(Feedback(event_id=event.id, author="alice", kind="confirmed", at=NOW))
        kept = {"job_id": event.uuid[:32], "kind": "body", "model": "m", "vector": b"\0" * 8, "at": NOW}
        world.add(Appearance(account_id=1, camera_slug="yard", presence_id=event.presence_id, **kept))
    assert world.old.remove(days=30) == Removed(events=1, recognitions=1, files=2, is_all=True)
    tables = (Event, Recognition, Alert, Delivery, DeliveryAttempt, VerdictRow, Feedback, Appearance)
    assert [world.count(table) for table in tables] == [1] * len(tables)
    assert world.has_files(old) == [False, False]
    assert world.has_files(young) == [True, True]
    assert world.old.remove(days=30) == Removed()


def test_recognitions_without_an_event_go_by_their_own_age(world: World) -> None:
    world.recognition(days_ago=31)
    world.recognition(days_ago=29)
    assert world.old.remove(days=30).recognitions == 1
    assert world.count(Recognition) == 1


def test_what_is_under_legal_hold_stays_whole(world: World) -> None:
    held = world.event(1, days_ago=400, legal_hold=True)
    world.recognition(held, days_ago=400)
    world.delivery(held)
    assert world.old.remove(days=30) == Removed()
    assert [world.count(table) for table in (Event, Recognition, Alert)] == [1, 1, 1]
    assert world.has_files(held) == [True, True]


def test_a_hold_that_is_set_after_the_event_was_found_due_still_counts(world: World) -> None:
    held, other = world.event(1), world.event(2)
    with world.writes.begin() as session:
        session.get_one(Event, held.id).legal_hold = True
    with world.writes.begin() as session:
        assert [event.id for event in lock_deletable(session, [held.id, other.id])] == [other.id]


@pytest.mark.parametrize("state", ["queued", "sending", "retrying", "held", "novel"])
def test_an_event_that_people_are_yet_to_be_told_of_stays(world: World, state: str) -> None:
    event = world.event(1)
    world.delivery(event, state=state)
    assert world.old.remove(days=30) == Removed()
    assert world.has_files(event) == [True, True]


@pytest.mark.parametrize("state", ["sent", "failed", "dead", "cancelled"])
def test_an_event_whose_deliveries_are_settled_goes(world: World, state: str) -> None:
    world.delivery(world.event(1), state=state)
    assert world.old.remove(days=30).events == 1


def test_an_event_before_the_judge_stays(world: World) -> None:
    event = world.event(1)
    times = {"opened_at": NOW, "due_at": NOW, "not_before": NOW}
    world.add(Case(event_id=event.id, severity=1, told=False, evidence=[], **times))
    assert world.old.remove(days=30) == Removed()


def test_the_event_of_somebody_who_is_still_there_stays(world: World) -> None:
    there, gone = world.event(1, ended_at=None), world.event(2, ended_at=None)
    world.seen["yard"] = {str(there.presence_id)}
    assert world.old.remove(days=30).events == 1
    assert world.has_files(there) == [True, True]
    assert world.has_files(gone) == [False, False]


def test_a_crop_that_was_kept_as_a_face_stays(world: World) -> None:
    event = world.event(1)
    said = {"recogniser": "r", "vector": b"", "quality": 1.0, "bbox": [], "landmarks": {}, "source": "camera"}
    world.add(FaceSample(account_id=1, crop=event.crop, taken_at=NOW, created_at=NOW, **said))
    assert world.old.remove(days=30) == Removed(events=1, files=1)
    assert world.has_files(event) == [False, True]


def test_one_account_cleans_up_after_itself_alone(world: World) -> None:
    world.event(1, account_id=1)
    world.event(2, account_id=2)
    world.recognition(account_id=1)
    world.recognition(account_id=2)
    assert world.old.remove(days=30, account_id=1) == Removed(events=1, recognitions=1, files=2)
    assert [world.count(table) for table in (Event, Recognition)] == [1, 1]


def test_nothing_goes_where_everything_is_kept_for_good(world: World) -> None:
    world.event(1, days_ago=4000)
    assert world.old.remove(days=0) == Removed()
    assert world.count(Event) == 1


def test_more_than_a_chunk_goes_past_what_stays_and_a_stop_is_heeded(world: World) -> None:
    for number in range(CHUNK + 80):
        world.event(number, days_ago=31 + number / 1000, legal_hold=number % 5 == 0, snapshot=None, crop=None)
    world.delivery(world.event(9999, days_ago=50, snapshot=None, crop=None), state="queued")
    rounds = iter([True])
    first = world.old.remove(days=30, goes_on=lambda: next(rounds, False))
    assert not first.is_all
    assert 0 < first.events <= CHUNK
    rest = world.old.remove(days=30)
    assert rest.is_all
    held = (CHUNK + 80) // 5
    assert first.events + rest.events == CHUNK + 80 - held
    assert world.count(Event) == held + 1


def test_a_file_that_is_gone_already_disturbs_nobody(world: World) -> None:
    event = world.event(1)
    world.media.delete(str(event.snapshot))
    assert world.old.remove(days=30).events == 1


def test_a_path_that_leads_elsewhere_deletes_nothing_and_stops_nobody(world: World) -> None:
    world.event(1, snapshot=None, crop=None)
    with world.writes.begin() as session:
        session.scalars(select(Event)).one().snapshot = "../../etc/passwd"
    assert world.old.remove(days=30) == Removed(events=1, files=0)


@pytest.mark.parametrize("held", [False, True])
def test_a_picture_that_another_event_shows_as_well_stays_until_that_one_goes(world: World, *, held: bool) -> None:
    """As one that was sent through the API with the picture of an event before it."""
    old = world.event(1)
    alike: dict[str, Any] = {"presence_id": None, "snapshot": old.snapshot, "crop": None, "legal_hold": held}
    world.event(2, days_ago=40 if held else 1, **alike)
    assert world.old.remove(days=30) == Removed(events=1, files=1)
    assert world.has_files(old) == [True, False]
    with world.writes.begin() as session:
        last = session.scalars(select(Event)).one()
        last.legal_hold, last.occurred_at = False, NOW - timedelta(days=31)
    assert world.old.remove(days=30) == Removed(events=1, files=1)
    assert world.has_files(old) == [False, False]


def test_two_events_that_go_together_have_their_common_picture_deleted_once(world: World) -> None:
    old = world.event(1)
    world.event(2, presence_id=None, snapshot=old.snapshot, crop=None)
    assert world.old.remove(days=30) == Removed(events=2, files=2)
    assert world.has_files(old) == [False, False]
