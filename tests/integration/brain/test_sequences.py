"""Through the gate, then at the door: one event, whichever replica hears of what first, and whoever dies between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import delete, select, update

from services.brain.bootstrap import Brain, build
from shared.db.engine import SessionFactory
from shared.db.tables import Camera, RuleFiring, RuleRow, SequenceHit
from shared.messages.events import EventEnded, EventRaised
from shared.messages.message import decode
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceEnded, PresenceStarted, ZoneStayBody
from shared.messages.topics import EVENTS
from shared.rules.decision import Decision
from shared.settings import Settings
from tests.conftest import PROJECT, wait_until
from tests.integration.brain.conftest import AT, presence
from tests.integration.brain.test_decisions import rows
from tests.integration.brain.test_presence_to_event import Send, add_rule, drop_default_rule, events, handle, outbox

STEPS = [
    {"camera": "gate", "condition": {"labels": ["person"]}},
    {"camera": "door", "condition": {"labels": ["person"]}},
]
GATE_THEN_DOOR: dict[str, Any] = {"kind": "sequence", "within_s": 60, "steps": STEPS}


@pytest.fixture
def two(site: SessionFactory) -> SessionFactory:
    """A site with a second camera `gate` and the rule that asks for both."""
    with site.begin() as session:
        values = {"name": "Gate", "url_encrypted": "", "url_masked": "", "options": {}, "created_at": AT}
        session.add(Camera(slug="gate", account_id=1, enabled=True, updated_at=AT, **values))
    drop_default_rule(site)
    add_rule(site, "walk", condition=GATE_THEN_DOOR, camera_slug="door", severity=3)
    return site


@pytest.fixture
def other(two: SessionFactory, settings: Settings) -> Iterator[Brain]:
    """Another replica."""
    made = build(settings, instance="brain-1")
    yield made
    made.close()


def at_gate(after_s: float = 0, kind: type[PresenceBody] = PresenceStarted, **fields: object) -> PresenceBody:
    return presence(kind, number=1, camera="gate", after_s=after_s, **fields)


def at_door(after_s: float = 20, kind: type[PresenceBody] = PresenceStarted, **fields: object) -> PresenceBody:
    came_at = AT + timedelta(seconds=fields.pop("came_s", 20))  # type: ignore[arg-type]
    return presence(kind, number=2, after_s=after_s, **{"started_at": came_at, **fields})


def told(site: SessionFactory) -> list[tuple[str, ...]]:
    return [tuple(event.rules) for event in events(site)]


def test_who_comes_to_the_door_after_the_gate_is_told_once(brain: Brain, two: SessionFactory) -> None:
    handle(brain, at_gate())
    assert events(two) == []
    handle(brain, at_door())
    (event,) = events(two)
    assert (event.camera_slug, event.presence_id, event.rules, event.severity) == ("door", "presence-2", ["walk"], 3)
    assert event.occurred_at == AT + timedelta(seconds=20)
    handle(brain, at_gate(5, PresenceChanged), at_door(25, PresenceChanged), at_door(30, PresenceChanged))
    assert outbox(two) == ["EventRaised"]


@pytest.mark.parametrize(
    ("door_s", "gate_until_s", "fires"), [(60, 0, True), (61, 0, False), (300, 240, True), (301, 240, False)]
)
def test_the_time_counts_from_when_the_gate_was_left(
    brain: Brain, two: SessionFactory, door_s: float, gate_until_s: float, *, fires: bool
) -> None:
    handle(brain, at_gate())
    for after_s in range(0, int(gate_until_s) + 1, 30):
        handle(brain, at_gate(after_s, PresenceChanged))
    handle(brain, at_gate(gate_until_s, PresenceEnded))
    handle(brain, at_door(door_s, came_s=door_s))
    assert told(two) == ([("walk",)] if fires else [])


def test_the_door_alone_and_the_door_before_the_gate_are_nothing(brain: Brain, two: SessionFactory) -> None:
    handle(brain, at_door(20))
    handle(brain, at_gate(30, started_at=AT + timedelta(seconds=30)))
    handle(brain, at_door(35, PresenceChanged))
    assert events(two) == []


def test_a_replica_that_hears_of_the_gate_late_still_tells(brain: Brain, two: SessionFactory, other: Brain) -> None:
    handle(brain, at_door(20))
    handle(other, at_gate(0))
    (event,) = events(two)
    assert (event.camera_slug, event.occurred_at, event.ended_at) == ("door", AT + timedelta(seconds=20), None)
    handle(brain, at_door(40, PresenceEnded, confidence=0.99))
    (event,) = events(two)
    assert (event.ended_at, event.confidence) == (AT + timedelta(seconds=40), 0.99)
    assert outbox(two) == ["EventRaised", "EventEnded"]


def test_who_has_left_the_door_when_the_gate_is_heard_of_is_told_and_closed(
    brain: Brain, two: SessionFactory, other: Brain
) -> None:
    handle(brain, at_door(20), at_door(40, PresenceEnded, confidence=0.99))
    handle(other, at_gate(0))
    (event,) = events(two)
    assert (event.ended_at, event.confidence) == (AT + timedelta(seconds=40), 0.99)
    assert outbox(two) == ["EventRaised", "EventEnded"]


def test_both_at_the_same_moment_on_two_replicas_are_told_once(brain: Brain, two: SessionFactory, other: Brain) -> None:
    for number in range(0, 20, 2):
        gate = at_gate().model_copy(update={"presence_id": f"gate-{number}"})
        door = at_door().model_copy(update={"presence_id": f"door-{number}"})
        with two.begin() as session:
            session.execute(delete(SequenceHit))
        together = threading.Barrier(2)

        def hear(brain: Brain, message: PresenceBody, together: threading.Barrier = together) -> None:
            together.wait(30)
            handle(brain, message)

        threads = [threading.Thread(target=hear, args=pair) for pair in ((brain, gate), (other, door))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert [event.presence_id for event in events(two)] == [f"door-{number}" for number in range(0, 20, 2)]
    assert outbox(two) == ["EventRaised"] * 10


def test_a_brain_that_starts_between_the_steps_knows_the_first(
    brain: Brain, two: SessionFactory, settings: Settings
) -> None:
    handle(brain, at_gate())
    later = build(settings, instance="brain-0")
    handle(later, at_door())
    later.close()
    assert told(two) == [("walk",)]


def test_messages_that_come_again_change_nothing(brain: Brain, two: SessionFactory, other: Brain) -> None:
    batch = [at_gate(), at_door(), at_door(40, PresenceEnded)]
    handle(brain, *batch)
    handle(other, *batch)
    handle(brain, *reversed(batch))
    assert told(two) == [("walk",)]
    assert outbox(two) == ["EventRaised", "EventEnded"]


def test_a_sequence_widens_the_event_that_another_rule_has_raised(brain: Brain, two: SessionFactory) -> None:
    add_rule(two, "any", condition={}, channels=["webhook"], camera_slug="door")
    handle(brain, at_door())
    assert told(two) == [("any",)]
    handle(brain, at_gate())
    assert told(two) == [("any", "walk")]
    assert outbox(two) == ["EventRaised", "EventRaised"]  # the second brings every channel


def test_a_sequence_keeps_silent_while_it_cools_down(brain: Brain, two: SessionFactory) -> None:
    with two.begin() as session:
        session.execute(update(RuleRow).values(cooldown_s=30))
    handle(brain, at_gate(), at_door(20), at_door(30).model_copy(update={"presence_id": "presence-3"}))
    assert [event.presence_id for event in events(two)] == ["presence-2"]


def test_who_completes_a_sequence_that_cools_down_learns_until_when(brain: Brain, two: SessionFactory) -> None:
    with two.begin() as session:
        session.execute(update(RuleRow).values(cooldown_s=300))
    handle(brain, at_gate(), at_door(20))
    handle(brain, presence(number=3, after_s=30, started_at=AT + timedelta(seconds=30)))
    handle(brain, presence(PresenceEnded, number=3, after_s=400, started_at=AT + timedelta(seconds=30)))
    handle(brain, presence(number=4, after_s=200, started_at=AT + timedelta(seconds=200)))
    handle(brain, presence(PresenceEnded, number=4, after_s=210, started_at=AT + timedelta(seconds=200)))
    assert told(two) == [("walk",)]
    found = {row.presence_id: Decision.of(row.decisions[0]) for row in rows(two)}
    assert {each: found[each].outcome for each in sorted(found)} == {
        "presence-2": "fired", "presence-3": "cooling", "presence-4": "unmet",
    }  # fmt: skip
    assert found["presence-3"].at == AT + timedelta(seconds=320)


def test_a_cooldown_is_told_of_who_has_left_before_the_first_step_was_heard_of(
    brain: Brain, two: SessionFactory, other: Brain
) -> None:
    with two.begin() as session:
        session.execute(update(RuleRow).values(cooldown_s=300))
        session.add(RuleFiring(rule_slug="walk", camera_slug="door", fired_at=AT))
    handle(brain, at_door(20), at_door(40, PresenceEnded))
    handle(other, at_gate(0))
    (row,) = rows(two)
    decision = Decision.of(row.decisions[0])
    assert (decision.outcome, decision.at) == ("cooling", AT + timedelta(seconds=300))
    assert row.ended_at == AT + timedelta(seconds=40)


def test_what_was_done_before_the_rule_was_changed_counts_no_more(brain: Brain, two: SessionFactory) -> None:
    handle(brain, at_gate())
    with two.begin() as session:
        session.execute(update(RuleRow).values(condition={**GATE_THEN_DOOR, "within_s": 50}))
    brain.site.refresh()
    handle(brain, at_door())
    assert events(two) == []


def test_two_zones_of_one_camera_are_steps_too(brain: Brain, two: SessionFactory) -> None:
    steps = [{"camera": "door", "condition": {"zone": zone}} for zone in ("Porch", "Door")]
    with two.begin() as session:
        session.execute(update(RuleRow).values(condition={**GATE_THEN_DOOR, "steps": steps}))
    stays = [
        ZoneStayBody(zone=zone, entered_at=AT + timedelta(seconds=at), dwell_s=1, inside=inside, left_at=left)
        for zone, at, inside, left in (
            ("Porch", 21, False, AT + timedelta(seconds=23)),
            ("Door", 25, True, None),
        )
    ]
    handle(brain, at_door(22, zones=(stays[0].model_copy(update={"inside": True, "left_at": None}),)))
    assert events(two) == []
    handle(brain, at_door(25, PresenceChanged, zones=tuple(stays)))
    assert told(two) == [("walk",)]


def test_cameras_that_no_sequence_names_write_nothing(brain: Brain, two: SessionFactory) -> None:
    with two.begin() as session:
        session.execute(update(Camera).where(Camera.slug == "attic").values(enabled=True))
    handle(brain, at_gate().model_copy(update={"camera": "attic"}))
    with two() as session:
        assert session.scalars(select(SequenceHit)).all() == []


def test_a_brain_that_is_killed_between_the_steps_tells_once(
    two: SessionFactory, settings: Settings, redis: Redis, send: Send, database_url: str, spawn_brain: Callable[[], Any]
) -> None:
    # Today, because what was done a day ago is removed when a brain starts.
    since = datetime.now(UTC) - AT

    def today(message: PresenceBody) -> PresenceBody:
        times = {name: getattr(message, name) + since for name in ("started_at", "last_seen_at", "captured_at")}
        return message.model_copy(update=times)

    first = spawn_brain()
    send(today(at_gate()))
    wait_until(lambda: _hits(two) == 1, 60, "the first step to be stored")
    os.kill(first.pid, signal.SIGKILL)
    first.wait(10)
    send(today(at_door()))
    spawn_brain()
    wait_until(lambda: redis.xlen(EVENTS.stream()), 60, "the event on the stream")
    send(today(at_door(30, PresenceEnded)))
    wait_until(lambda: redis.xlen(EVENTS.stream()) >= 2, 60, "its end")
    said = [decode(fields) for _, fields in redis.xrange(EVENTS.stream())]
    assert [type(message) for message in said] == [EventRaised, EventEnded]
    assert told(two) == [("walk",)]


def _hits(site: SessionFactory) -> int:
    with site() as session:
        return len(session.scalars(select(SequenceHit)).all())


@pytest.fixture
def spawn_brain(settings: Settings) -> Iterator[Callable[[], Any]]:
    """Start brains as processes of their own on the test's Redis and database."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "ARGUS_DATA_DIR": str(settings.data_dir),
        "ARGUS_REDIS_URL": settings.known_redis_url,
        "ARGUS_DATABASE_URL": settings.effective_database_url,
        # The tests' day is long past, and a brain that starts again would tidy its events away.
        "ARGUS_RETENTION__EVENTS_DAYS": "0",
    }

    def spawn() -> subprocess.Popen[bytes]:
        made = subprocess.Popen([sys.executable, "-m", "services.brain"], cwd=PROJECT, env=environment)
        started.append(made)
        return made

    yield spawn
    for each in started:
        each.kill()
        each.wait(10)
