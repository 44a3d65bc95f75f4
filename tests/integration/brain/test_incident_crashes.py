"""A brain that is killed in the middle of an incident: one alert all the same, of every event, and of none twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, select

from shared.db.tables import Alert, Camera, Incident
from shared.messages.events import EventRaised
from shared.messages.message import decode
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceStarted
from shared.messages.topics import EVENTS
from shared.settings import Settings
from tests.conftest import PROJECT, wait_until
from tests.integration.alerts.house import House
from tests.integration.brain.conftest import AT, presence
from tests.integration.brain.test_presence_to_event import Send, add_rule, drop_default_rule, events
from tests.processes import Processes

BURGLARS = 30


@pytest.fixture
def house(engine: Engine) -> House:
    """Two cameras, a rule with incidents of a minute and one with incidents of things; one person to tell."""
    made = House(engine)
    with made.sessions.begin() as session:
        values = {"url_encrypted": "", "url_masked": "", "options": {}, "created_at": AT, "updated_at": AT}
        session.add_all(
            Camera(slug=slug, name=slug, account_id=1, enabled=True, **values) for slug in ("door", "attic")
        )
    drop_default_rule(made.sessions)
    add_rule(made.sessions, "walk", incident_window_s=60)
    add_rule(made.sessions, "stays", condition={"dwell_s": 30}, incident_window_s=60, incident_per="track")
    made.recipient()
    return made


@pytest.fixture
def spawn(processes: Processes, settings: Settings) -> Callable[[], subprocess.Popen[bytes]]:
    """Starts the brain as a process of its own."""
    environment = {
        "ARGUS_DATA_DIR": str(settings.data_dir),
        "ARGUS_REDIS_URL": settings.known_redis_url,
        "ARGUS_DATABASE_URL": settings.effective_database_url,
        # The tests' day is long past, and a brain that starts again would tidy its events away.
        "ARGUS_RETENTION__EVENTS_DAYS": "0",
    }
    return lambda: processes.start([sys.executable, "-m", "services.brain"], env=environment, cwd=PROJECT)


@pytest.mark.timeout(180)
def test_a_brain_that_is_killed_in_the_middle_of_an_incident_tells_all_of_it_in_one_alert(
    house: House, redis: Redis, send: Send, spawn: Callable[[], subprocess.Popen[bytes]]
) -> None:
    first = spawn()
    sender = threading.Thread(target=_send_slowly, args=(send,))
    sender.start()
    _kill(first, once=lambda: len(events(house.sessions)) >= 5)
    second = spawn()
    sender.join(60)
    _kill(second, once=lambda: len(_of_both_rules(house)) >= 5)
    spawn()
    wait_until(lambda: len(_told(redis)) == 2 * BURGLARS, 60, "every firing on the stream")
    (incident,) = _incidents(house)
    assert incident.events == BURGLARS
    assert {event.incident_id for event in events(house.sessions)} == {incident.id}
    _tell_people(house, redis)
    with house.sessions() as session:
        (alert,) = session.scalars(select(Alert))
    assert (alert.notice["count"], alert.notice["rules"]) == (BURGLARS, ["walk", "stays"])
    assert [parcel.amends is None for parcel in house.line.sent] == [True, *[False] * (len(house.line.sent) - 1)]
    assert house.line.sent[-1].notice.count == BURGLARS


def _burglars() -> Iterator[PresenceBody]:
    """All come, one a second and by turns on two cameras; then all stay."""
    kinds: tuple[tuple[type[PresenceBody], int], ...] = ((PresenceStarted, 0), (PresenceChanged, 35))
    for kind, after_s in kinds:
        for number in range(BURGLARS):
            fields: dict[str, Any] = {"started_at": AT + timedelta(seconds=number), "track_id": number}
            camera = ("door", "attic")[number % 2]
            yield presence(kind, number=number, after_s=number + after_s, camera=camera, **fields)


def _send_slowly(send: Send) -> None:
    for body in _burglars():
        send(body)
        time.sleep(0.1)


def _kill(brain: subprocess.Popen[bytes], *, once: Callable[[], bool]) -> None:
    wait_until(once, 40, "the brain to be in the middle of it")
    os.kill(brain.pid, signal.SIGKILL)
    assert brain.wait(10) == -signal.SIGKILL


def _of_both_rules(house: House) -> list[str]:
    return [event.uuid for event in events(house.sessions) if len(event.rules) == 2]


def _incidents(house: House) -> list[Incident]:
    with house.sessions() as session:
        return list(session.scalars(select(Incident)))


def _told(redis: Redis) -> Counter[tuple[str, tuple[str, ...]]]:
    """What was told, and how often: a relay that is killed tells its last page again."""
    said = [decode(fields) for _, fields in redis.xrange(EVENTS.stream())]
    return Counter((message.event_id, message.rules) for message in said if isinstance(message, EventRaised))


def _tell_people(house: House, redis: Redis) -> None:
    for _, fields in redis.xrange(EVENTS.stream()):
        house.tell(decode(fields))
        house.forward(seconds=1)
    house.forward(seconds=30)
