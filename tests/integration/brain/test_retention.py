"""What specialists leave goes when it is too old; what an event shows, and what is still there, stays."""

from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, select

from services.brain.bootstrap import build
from services.brain.retention import Retention
from shared.db.engine import SessionFactory, read_sessions, sessions
from shared.db.tables import Account, Appearance, Event, SequenceHit
from shared.domain.ids import presence_id
from shared.media import MediaStore
from shared.messages.topics import EYE_STATE, RETENTION_WANTED
from shared.ownership.lease import Lease
from shared.settings import Settings
from shared.settings.retention import RetentionSettings
from tests.conftest import wait_until

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


class Installation:
    """A database and a media store, with one retention over them."""

    def __init__(self, engine: Engine, redis: Redis, settings: Settings) -> None:
        self.writes, self.reads, self.redis = sessions(engine), read_sessions(engine), redis
        self.media = MediaStore.open(settings.effective_media_url)
        self.now = NOW
        self.retention = self.another("brain-0")
        with self.writes.begin() as session:
            session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=NOW))

    def another(self, name: str, **said: Any) -> Retention:
        return Retention(
            self.writes,
            self.reads,
            redis=self.redis,
            media=self.media,
            lease=Lease(self.redis, "retention", holder=name, ttl_s=60),
            settings=RetentionSettings(**said),
            now=lambda: self.now,
        )

    def presence(self, number: int, *, days_ago: float, crops: int = 2) -> str:
        """Somebody who came so long ago, with a snapshot and crops; the id."""
        at = NOW - timedelta(days=days_ago)
        name = presence_id("yard", number, int(at.timestamp() * 1000))
        for path in (self.path("snapshots", name, at), self.path("crops", name, at)):
            self.media.write(path, b"jpeg")
        for place in range(crops):
            self.media.write(self.path("crops", f"{name}-{place}", at), b"jpeg")
        return name

    def event(self, presence: str | None, *, days_ago: float, uuid_: str | None = None) -> None:
        at = NOW - timedelta(days=days_ago)
        shown = presence or uuid_ or ""
        with self.writes.begin() as session:
            session.add(
                Event(
                    uuid=uuid_ or str(uuid.uuid4()),
                    account_id=1,
                    camera_slug="yard",
                    presence_id=presence,
                    label="person",
                    confidence=0.9,
                    started_at=at,
                    occurred_at=at,
                    stored_at=at,
                    snapshot=self.path("snapshots", shown, at),
                    crop=self.path("crops", shown, at) if presence else None,
                )
            )

    def appearance(self, number: int, *, days_ago: float) -> None:
        with self.writes.begin() as session:
            session.add(
                Appearance(
                    job_id=f"job-{number}",
                    account_id=1,
                    camera_slug="yard",
                    kind="body",
                    model="m",
                    vector=b"\0" * 8,
                    at=NOW - timedelta(days=days_ago),
                )
            )

    def path(self, folder: str, name: str, at: datetime) -> str:
        return f"{folder}/yard/{at:%Y/%m/%d}/{name}.jpg"

    def left(self, folder: str, name: str, *, days_ago: float) -> list[str]:
        """What is left of a presence's pictures: "" for its own, "-0" and so on for further ones."""
        day = f"{folder}/yard/{NOW - timedelta(days=days_ago):%Y/%m/%d}"
        return [one.removeprefix(name).removesuffix(".jpg") for one in self.media.names(day) if one.startswith(name)]

    def appearances(self) -> list[str]:
        with self.reads() as session:
            return list(session.scalars(select(Appearance.job_id).order_by(Appearance.id)))


@pytest.fixture
def installation(engine: Engine, redis: Redis, settings: Settings) -> Installation:
    return Installation(engine, redis, settings)


def test_pictures_without_an_event_go_after_a_day(installation: Installation) -> None:
    old = installation.presence(1, days_ago=3)
    fresh = installation.presence(2, days_ago=1)
    installation.retention.sweep()
    assert installation.left("crops", old, days_ago=3) == installation.left("snapshots", old, days_ago=3) == []
    assert installation.left("crops", fresh, days_ago=1) == ["-0", "-1", ""]
    assert installation.left("snapshots", fresh, days_ago=1) == [""]


def test_what_an_event_shows_stays_and_further_crops_go_after_a_week(installation: Installation) -> None:
    names = {}
    for days_ago in (3, 9, 400):
        names[days_ago] = installation.presence(days_ago, days_ago=days_ago)
        installation.event(names[days_ago], days_ago=days_ago)
    installation.another("brain-0", events_days=0).sweep()
    for days_ago, name in names.items():
        assert installation.left("snapshots", name, days_ago=days_ago) == [""]
        further = ["-0", "-1"] if days_ago == 3 else []
        assert installation.left("crops", name, days_ago=days_ago) == [*further, ""]


def test_what_is_under_legal_hold_keeps_all_its_pictures_and_what_its_people_looked_like(
    installation: Installation,
) -> None:
    name = installation.presence(1, days_ago=400)
    installation.event(name, days_ago=400)
    with installation.writes.begin() as session:
        session.scalars(select(Event)).one().legal_hold = True
    for number in (1, 2):
        installation.appearance(number, days_ago=400)
    with installation.writes.begin() as session:
        session.scalars(select(Appearance).where(Appearance.job_id == "job-1")).one().presence_id = name
    installation.retention.sweep()
    assert installation.left("snapshots", name, days_ago=400) == [""]
    assert installation.left("crops", name, days_ago=400) == ["-0", "-1", ""]
    assert installation.appearances() == ["job-1"]


def test_old_events_go_with_their_pictures(installation: Installation) -> None:
    names = {}
    for days_ago in (29, 31):
        names[days_ago] = installation.presence(days_ago, days_ago=days_ago)
        installation.event(names[days_ago], days_ago=days_ago)
        with installation.writes.begin() as session:
            for row in session.scalars(select(Event)):
                row.ended_at = row.occurred_at
    installation.retention.sweep()
    assert installation.left("snapshots", names[31], days_ago=31) == []
    assert installation.left("crops", names[31], days_ago=31) == []
    assert installation.left("snapshots", names[29], days_ago=29) == [""]


def test_somebody_who_asks_need_not_wait_for_the_next_round(installation: Installation) -> None:
    installation.appearance(0, days_ago=40)
    stop = threading.Event()
    thread = threading.Thread(target=installation.retention.run, args=(stop,))
    thread.start()
    wait_until(lambda: installation.appearances() == [], what="the first round")
    wait_until(lambda: not installation.redis.exists("lease:retention"), what="the first round to end")
    installation.appearance(1, days_ago=40)
    installation.redis.set(RETENTION_WANTED, 1)
    wait_until(lambda: installation.appearances() == [], what="the second round")
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_the_picture_of_a_scene_stays_with_its_event(installation: Installation) -> None:
    shown, lost = str(uuid.uuid4()), str(uuid.uuid4())
    at = NOW - timedelta(days=5)
    for name in (shown, lost):
        installation.media.write(installation.path("snapshots", name, at), b"jpeg")
    installation.event(None, days_ago=5, uuid_=shown)
    installation.retention.sweep()
    assert installation.left("snapshots", shown, days_ago=5) == [""]
    assert installation.left("snapshots", lost, days_ago=5) == []


def test_somebody_who_is_still_there_keeps_the_pictures(installation: Installation) -> None:
    name = installation.presence(1, days_ago=4)
    installation.redis.set(EYE_STATE.format(slug="yard"), json.dumps({"presences": [name]}))
    installation.retention.sweep()
    assert installation.left("crops", name, days_ago=4) == ["-0", "-1", ""]


def test_what_nobody_here_has_named_is_left_alone(installation: Installation) -> None:
    paths = ["crops/yard/2025/01/01/holiday.jpg", "crops/yard/misc/x/y/1.jpg", "people/7/face.jpg"]
    for path in paths:
        installation.media.write(path, b"jpeg")
    installation.retention.sweep()
    assert all(installation.media.exists(path) for path in paths)


def test_a_day_becomes_due_by_and_by_and_its_folder_goes_with_it(installation: Installation) -> None:
    name = installation.presence(1, days_ago=0.5)
    installation.retention.sweep()
    assert installation.left("crops", name, days_ago=0.5) != []
    installation.now = NOW + timedelta(days=3)
    installation.retention.sweep()
    assert installation.left("crops", name, days_ago=0.5) == []
    folder = installation.media.local_path(f"crops/yard/{NOW - timedelta(days=0.5):%Y/%m/%d}")
    assert folder is not None
    assert not folder.exists()


def test_appearances_go_after_a_month_however_many_there_are(installation: Installation) -> None:
    for number in range(450):
        installation.appearance(number, days_ago=31)
    installation.appearance(1000, days_ago=29)
    installation.retention.sweep()
    assert installation.appearances() == ["job-1000"]


def test_settings_say_how_long(installation: Installation) -> None:
    name = installation.presence(1, days_ago=9)
    installation.event(name, days_ago=9)
    installation.appearance(1, days_ago=31)
    installation.another("brain-0", crops_days=20, appearances_days=60).sweep()
    assert installation.left("crops", name, days_ago=9) == ["-0", "-1", ""]
    assert installation.appearances() == ["job-1"]


def test_one_replica_does_it_at_a_time(installation: Installation) -> None:
    installation.appearance(1, days_ago=31)
    busy = Lease(installation.redis, "retention", holder="brain-1", ttl_s=60)
    assert busy.acquire()
    installation.retention.sweep()
    assert installation.appearances() == ["job-1"]
    busy.release()
    installation.retention.sweep()
    assert installation.appearances() == []


def test_writers_go_on_meanwhile(installation: Installation) -> None:
    for number in range(1200):
        installation.appearance(number, days_ago=40)
    stop = threading.Event()
    thread = threading.Thread(target=installation.retention.run, args=(stop,))
    thread.start()
    longest = 0.0
    for number in range(20):
        began = time.monotonic()
        installation.appearance(5000 + number, days_ago=1)
        longest = max(longest, time.monotonic() - began)
    wait_until(lambda: len(installation.appearances()) == 20, deadline_s=60, what="the old ones to go")
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert longest < 10


def test_the_running_brain_removes_them(site: SessionFactory, settings: Settings, redis: Redis) -> None:
    media = MediaStore.open(settings.effective_media_url)
    path = f"crops/door/2025/12/01/{presence_id('door', 1, 1)}.jpg"
    media.write(path, b"jpeg")
    brain, stop = build(settings, instance="brain-0"), threading.Event()
    thread = threading.Thread(target=brain.run, args=(stop,))
    thread.start()
    wait_until(lambda: not media.exists(path), what="the picture to go")
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_steps_of_sequences_go_after_a_day(engine: Engine, redis: Redis, settings: Settings) -> None:
    here = Installation(engine, redis, settings)
    with here.writes.begin() as session:
        for number in range(450):
            until = NOW - timedelta(hours=25 if number % 3 else 23)
            session.add(SequenceHit(
                rule_slug="walk", sequence="0" * 16, step=number % 2, presence_id=f"p{number}", camera_slug="yard",
                began_at=until, until=until, settled=False,
            ))  # fmt: skip
    here.retention.sweep()
    with here.reads() as session:
        left = session.scalars(select(SequenceHit.presence_id)).all()
    assert sorted(left) == sorted(f"p{number}" for number in range(0, 450, 3))
