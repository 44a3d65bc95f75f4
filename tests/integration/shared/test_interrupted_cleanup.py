"""A clean-up that is killed is completed by the next one, and two at once do what one would have done."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from shared.db.engine import read_sessions, sessions
from shared.db.tables import Event, Recognition
from shared.retention.old_events import CHUNK, OldEvents, Removed
from shared.retention.orphans import Orphans
from shared.retention.pictures import Pictures
from shared.settings import Settings
from tests.conftest import PROJECT
from tests.integration.shared.test_old_events import NOW, World

MANY = CHUNK + 150
# Deletes as the brain does, and says so with every file: the test kills it between two of them.
SLOWLY = """
import sys, time
from datetime import datetime
from shared.db.engine import connect, read_sessions, sessions
from shared.media import MediaStore
from shared.retention.old_events import OldEvents

class Slow(MediaStore):
    def delete(self, path):
        super().delete(path)
        print(path, flush=True)
        time.sleep(0.02)

engine, store = connect(sys.argv[1]), MediaStore.open(sys.argv[2])
slow = Slow(store._filesystem, store._root, local=True)
there, now = (lambda _: frozenset()), (lambda: datetime.fromisoformat(sys.argv[3]))
OldEvents(sessions(engine), read_sessions(engine), media=slow, there=there, now=now).remove(days=30)
"""


@pytest.fixture
def world(engine: Engine, settings: Settings) -> World:
    return World(engine, settings)


def _filled(world: World) -> list[Event]:
    """Old events with two pictures and a recognition each; every tenth is under legal hold."""
    events = [world.event(number, days_ago=31 + number / 1000, legal_hold=number % 10 == 0) for number in range(MANY)]
    for event in events:
        world.recognition(event)
    return events


def _orphans(world: World, engine: Engine) -> list[str]:
    reads = read_sessions(engine)
    pictures = Pictures(reads, world.media, there=lambda camera: world.seen.get(camera, set()))
    found = Orphans(reads, world.media, pictures=pictures, safety=timedelta(hours=24), now=lambda: NOW)
    assert list(found.missing()) == []
    return list(found.files())


def test_a_kill_in_the_middle_leaves_files_that_are_found_and_the_next_one_ends_the_work(
    world: World, engine: Engine, database_url: str, settings: Settings, tmp_path: Path
) -> None:
    events = _filled(world)
    script = tmp_path / "slowly.py"
    script.write_text(SLOWLY)
    command = [sys.executable, str(script), database_url, settings.effective_media_url, NOW.isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, env={"PYTHONPATH": str(PROJECT)}) as child:
        assert child.stdout is not None
        for _ in range(7):
            assert child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    left = [event for event in events if True in world.has_files(event) and not event.legal_hold]
    known = world.count(Event)
    assert MANY // 10 < known < MANY
    orphans = _orphans(world, engine)
    assert 0 < len(orphans) < 2 * CHUNK
    assert len(orphans) + 2 * (known - MANY // 10) == sum(sum(world.has_files(event)) for event in left)
    assert world.old.remove(days=30).is_all
    assert [world.count(table) for table in (Event, Recognition)] == [MANY // 10] * 2
    assert sorted(_orphans(world, engine)) == sorted(orphans)
    assert all(world.has_files(event) == [True, True] for event in events if event.legal_hold)


def test_three_at_once_delete_each_row_and_each_file_once(world: World, engine: Engine) -> None:
    events = _filled(world)
    start = threading.Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(_at_once, world, engine, start.wait) for _ in range(3)]
    removed = [one.result() for one in done]
    gone = MANY - MANY // 10
    assert sum(one.events for one in removed) == gone
    assert sum(one.recognitions for one in removed) == gone
    assert sum(one.files for one in removed) == 2 * gone
    # Whoever skipped what another one had locked leaves that to him.
    assert world.old.remove(days=30) == Removed()
    assert _orphans(world, engine) == []
    assert all(world.has_files(event) == [event.legal_hold] * 2 for event in events)


def _at_once(world: World, engine: Engine, begin: Callable[[], object]) -> Removed:
    reads = read_sessions(engine)
    old = OldEvents(
        sessions(engine), reads, media=world.media, there=lambda _: set(), now=lambda: NOW, wait=lambda _: None
    )
    begin()
    return old.remove(days=30)
