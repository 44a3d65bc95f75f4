"""Pictures without a row are found, and rows without their picture, whatever befell between the two."""

from __future__ import annotations

import os
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.db.engine import read_sessions
from shared.db.tables import FaceSample
from shared.domain.ids import presence_id
from shared.media import MediaStore
from shared.retention.old_events import OldEvents
from shared.retention.orphans import Missing, Orphans
from shared.retention.pictures import Pictures
from shared.settings import Settings
from tests.integration.shared.test_old_events import NOW, World


@pytest.fixture
def world(engine: Engine, settings: Settings) -> World:
    return World(engine, settings)


def looking(world: World, engine: Engine) -> Orphans:
    reads = read_sessions(engine)
    pictures = Pictures(reads, world.media, there=lambda camera: world.seen.get(camera, set()))
    return Orphans(reads, world.media, pictures=pictures, safety=timedelta(hours=24), now=lambda: NOW)


def face(world: World, path: str, *, age_h: float) -> None:
    world.media.write(path, b"jpeg")
    at = (NOW - timedelta(hours=age_h)).timestamp()
    place = world.media.local_path(path)
    assert place is not None
    os.utime(place, (at, at))


def test_where_all_is_well_nothing_is_found(world: World, engine: Engine) -> None:
    for number in range(3):
        world.event(number)
    assert list(looking(world, engine).files()) == []
    assert list(looking(world, engine).missing()) == []


def test_a_kill_between_commit_and_deletion_leaves_files_that_are_found(world: World, engine: Engine) -> None:
    class Killed(BaseException):
        pass

    class Store(MediaStore):
        def delete(self, path: str) -> None:
            raise Killed

    event = world.event(1)
    store = Store(world.media._filesystem, world.media._root, local=True)
    reads, there = read_sessions(engine), lambda _: frozenset[str]()
    old = OldEvents(world.writes, reads, media=store, there=there, now=lambda: NOW, wait=lambda _: None)
    with pytest.raises(Killed):
        old.remove(days=30)
    assert world.has_files(event) == [True, True]
    assert sorted(looking(world, engine).files()) == sorted([str(event.crop), str(event.snapshot)])


def test_what_is_young_or_in_view_or_not_ours_is_no_orphan(world: World, engine: Engine) -> None:
    there = presence_id("yard", 7, 7)
    today, long_ago = f"{NOW:%Y/%m/%d}", "2025/12/01"
    world.seen["yard"] = {there}
    kept = [f"crops/yard/{today}/{presence_id('yard', 1, 1)}.jpg", f"crops/yard/{long_ago}/{there}-0.jpg"]
    kept += [f"snapshots/yard/{long_ago}/holiday.jpg", "elsewhere/a.jpg", "segments/yard/2025/12/01/a.mp4"]
    for path in kept:
        world.media.write(path, b"jpeg")
    assert list(looking(world, engine).files()) == []


def test_faces_of_people_who_were_removed_are_found_once_they_are_old(world: World, engine: Engine) -> None:
    said: dict[str, Any] = {"recogniser": "r", "vector": b"", "quality": 1.0, "bbox": [], "landmarks": {}}
    known = FaceSample(account_id=1, crop="faces/1/known.jpg", source="enrolled", taken_at=NOW, created_at=NOW, **said)
    world.add(known)
    for path, age_h in (("faces/1/known.jpg", 90), ("faces/1/left.jpg", 90), ("faces/1/new.jpg", 1)):
        face(world, path, age_h=age_h)
    assert list(looking(world, engine).files()) == ["faces/1/left.jpg"]


def test_rows_whose_picture_is_gone_are_found(world: World, engine: Engine) -> None:
    whole, torn = world.event(1), world.event(2)
    world.media.delete(str(torn.crop))
    assert list(looking(world, engine).missing()) == [Missing(f"events {torn.id}", str(torn.crop))]
    assert world.has_files(whole) == [True, True]


def test_a_large_store_takes_little_memory(world: World, engine: Engine) -> None:
    root = Path(world.media._root)
    for day in range(1, 29):
        folder = root / f"crops/yard/2025/11/{day:02}"
        folder.mkdir(parents=True)
        for number in range(300):
            (folder / f"{presence_id('yard', number, day)}-0.jpg").touch()
    orphans = looking(world, engine)
    assert sum(1 for _ in orphans.files()) == 28 * 300
    tracemalloc.start()
    assert sum(1 for _ in orphans.files()) == 28 * 300
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def test_a_file_says_when_it_was_stored(world: World) -> None:
    world.media.write("faces/1/a.jpg", b"x")
    assert world.media.written_at("faces/1/a.jpg").tzinfo is not None
    assert abs(world.media.written_at("faces/1/a.jpg") - datetime.now().astimezone()) < timedelta(minutes=1)
    with pytest.raises(FileNotFoundError):
        world.media.written_at("faces/1/b.jpg")
