"""Presences on the stream become events, once, and leave by the outbox."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import Engine, delete, select

from services.brain.bootstrap import Brain, build
from services.brain.ledger import Ledger
from shared.db.cameras import ZoneRow
from shared.db.engine import SessionFactory
from shared.db.migrate import upgrade
from shared.db.tables import Camera, Event, OutboxRow, RuleFiring, RuleRow
from shared.messages.commands import SyncCamera, SyncRules
from shared.messages.events import EventEnded, EventRaised
from shared.messages.message import Message, decode
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceEnded, ZoneStayBody
from shared.messages.topics import COMMANDS, EVENTS, PRESENCES
from shared.settings import Settings
from shared.streams import Publisher, Received
from tests.conftest import wait_until
from tests.integration.brain.conftest import AT, presence

Send = Callable[..., None]


def told(redis: Redis) -> list[Message]:
    return [decode(fields) for _, fields in redis.xrange(EVENTS.stream())]


def handle(brain: Brain, *messages: PresenceBody) -> None:
    """Have the brain handle the messages as one batch."""
    if not brain.site.view.cameras:
        brain.site.refresh()
    brain.presences([Received("presences:0", b"1-0", message, {}) for message in messages])


def events(site: SessionFactory) -> list[Event]:
    with site() as session:
        return list(session.scalars(select(Event).order_by(Event.id)))


def outbox(site: SessionFactory) -> list[str]:
    with site() as session:
        return list(session.scalars(select(OutboxRow.kind).order_by(OutboxRow.id)))


def add_rule(site: SessionFactory, slug: str, **fields: object) -> None:
    values = {"name": slug, "condition": {}, **fields}
    with site.begin() as session:
        session.add(RuleRow(slug=slug, created_at=AT, updated_at=AT, **values))


def drop_default_rule(site: SessionFactory) -> None:
    with site.begin() as session:
        session.execute(delete(RuleRow).where(RuleRow.slug == "rule_001"))


def test_what_stands_in_a_zone_is_told_as_the_zone_asks(brain: Brain, site: SessionFactory) -> None:
    """Not while it stands where nobody is to be told, nor before its time; at once where nothing is asked."""
    with site.begin() as session:
        door = session.scalars(select(Camera).where(Camera.slug == "door")).one()
        asked = {"Street": {"notification_enabled": False}, "Yard": {"alert_duration_s": 5.0}}
        door.zones = [ZoneRow(name=name, points=[], **values) for name, values in asked.items()]

    def at(zone: str, after_s: float, *, since_s: float, number: int = 1, gone: bool = False) -> PresenceBody:
        entered_at = AT + timedelta(seconds=since_s)
        stay = ZoneStayBody(zone=zone, entered_at=entered_at, dwell_s=after_s - since_s, inside=not gone)
        return presence(PresenceEnded if gone else PresenceChanged, number=number, after_s=after_s, zones=(stay,))

    handle(brain, at("Street", 9, since_s=0, number=3, gone=True), at("Yard", 4, since_s=0, number=4, gone=True))
    assert events(site) == [], "nor when it goes"
    handle(brain, at("Street", 9, since_s=0), at("Yard", 10, since_s=9), at("Yard", 13, since_s=9))
    assert events(site) == []
    handle(brain, at("Yard", 14, since_s=9))
    assert [event.zones for event in events(site)] == [["Yard"]]
    handle(brain, presence(number=2))
    assert len(events(site)) == 2


def test_a_person_becomes_an_event_that_is_published_and_closed(
    running: Brain, site: SessionFactory, redis: Redis, send: Send
) -> None:
    send(presence())
    raised = wait_until(lambda: told(redis), what="the event on the stream")[0]
    assert isinstance(raised, EventRaised)
    assert (raised.camera, raised.label, raised.rules, raised.captured_at) == ("door", "person", ("rule_001",), AT)

    send(presence(PresenceEnded, after_s=7, snapshot="best.jpg", confidence=0.97))
    ended = wait_until(lambda: told(redis)[1:], what="the end on the stream")[0]
    assert isinstance(ended, EventEnded)
    (event,) = events(site)
    assert (event.snapshot, event.confidence) == ("best.jpg", 0.97)
    assert event.ended_at == AT + timedelta(seconds=7)
    wait_until(lambda: not outbox(site), what="the outbox to empty")


def test_messages_that_come_again_change_nothing(brain: Brain, site: SessionFactory, settings: Settings) -> None:
    messages = [presence(), presence(PresenceChanged, after_s=1), presence(PresenceEnded, after_s=2)]
    handle(brain, *messages)
    before = [(event.uuid, event.stored_at, event.ended_at) for event in events(site)]
    for message in messages:
        handle(brain, message)
    reborn = build(settings, instance="brain-1")  # one that remembers nothing
    handle(reborn, *messages)
    reborn.close()
    assert [(event.uuid, event.stored_at, event.ended_at) for event in events(site)] == before
    assert outbox(site) == ["EventRaised", "EventEnded"]


def test_rules_that_fire_later_on_the_same_presence_are_added_to_its_event(brain: Brain, site: SessionFactory) -> None:
    add_rule(site, "linger", condition={"dwell_s": 5}, severity=3)
    handle(brain, presence())
    handle(brain, presence(PresenceChanged, after_s=6), presence(PresenceChanged, after_s=7))
    (event,) = events(site)
    assert (event.rules, event.severity) == (["rule_001", "linger"], 3)
    assert outbox(site) == ["EventRaised"]  # every channel was told already


def test_a_later_rule_with_a_channel_of_its_own_has_the_event_told_there_too(
    brain: Brain, site: SessionFactory, redis: Redis
) -> None:
    drop_default_rule(site)
    add_rule(site, "any", channels=["email"])
    add_rule(site, "linger", condition={"dwell_s": 5}, channels=["webhook"])
    handle(brain, presence())
    handle(brain, presence(PresenceChanged, after_s=6), presence(PresenceChanged, after_s=7))
    brain.relay.drain(threading.Event())
    raised = [message for message in told(redis) if isinstance(message, EventRaised)]
    assert [message.channels for message in raised] == [("email",), ("email", "webhook")]
    assert len({message.event_id for message in raised}) == 1


@pytest.mark.parametrize("camera", ["attic", "nowhere"])
def test_a_presence_of_a_disabled_or_deleted_camera_is_no_event(
    brain: Brain, site: SessionFactory, camera: str
) -> None:
    handle(brain, presence(camera=camera), presence(PresenceEnded, camera=camera, after_s=1))
    assert events(site) == []


def test_a_camera_switched_off_a_moment_ago_raises_nothing_but_closes_its_events(
    brain: Brain, site: SessionFactory
) -> None:
    handle(brain, presence(number=1))
    with site.begin() as session:
        session.scalars(select(Camera).where(Camera.slug == "door")).one().enabled = False
    handle(brain, presence(number=2), presence(PresenceEnded, number=1, after_s=3))
    (event,) = events(site)
    assert event.ended_at is not None


def test_a_rule_cools_down_over_a_restart(brain: Brain, site: SessionFactory, settings: Settings) -> None:
    drop_default_rule(site)
    add_rule(site, "calm", cooldown_s=60)
    handle(brain, presence(number=1))
    reborn = build(settings, instance="brain-1")
    handle(reborn, presence(number=2, after_s=59))
    assert len(events(site)) == 1
    handle(reborn, presence(number=3, after_s=60))
    assert len(events(site)) == 2
    reborn.close()
    with site() as session:
        (firing,) = session.scalars(select(RuleFiring)).all()
    assert firing.fired_at == AT + timedelta(seconds=60)


def test_a_rule_cools_down_within_a_batch(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "calm", cooldown_s=60)
    handle(brain, *(presence(number=number, after_s=number) for number in range(5)))
    assert len(events(site)) == 1


def test_a_presence_whose_first_message_is_its_last_is_raised_and_closed(brain: Brain, site: SessionFactory) -> None:
    handle(brain, presence(PresenceEnded, after_s=3))
    assert outbox(site) == ["EventRaised", "EventEnded"]
    assert events(site)[0].ended_at == AT + timedelta(seconds=3)


def test_a_rule_that_cannot_be_read_does_not_silence_the_others(brain: Brain, site: SessionFactory) -> None:
    add_rule(site, "broken", condition={"labels": 7})
    add_rule(site, "unknown", condition={"kind": "telepathy"})
    handle(brain, presence())
    assert events(site)[0].rules == ["rule_001"]


def test_a_new_installation_has_one_rule_and_a_deleted_one_stays_deleted(engine: Engine, site: SessionFactory) -> None:
    with site() as session:
        (rule,) = session.scalars(select(RuleRow)).all()
    assert (rule.slug, rule.enabled, rule.condition["labels"]) == ("rule_001", True, ["person"])
    drop_default_rule(site)
    upgrade(engine)
    with site() as session:
        assert session.scalars(select(RuleRow)).all() == []


def test_new_rules_and_cameras_count_as_soon_as_they_are_announced(
    running: Brain, site: SessionFactory, redis: Redis, send: Send
) -> None:
    # It follows orders from just before that on.
    wait_until(lambda: running.site.view.cameras, what="the first sync")
    publisher = Publisher(redis)
    drop_default_rule(site)
    add_rule(site, "cars", condition={"labels": ["car"]})
    publisher.publish(COMMANDS, SyncRules())
    wait_until(lambda: set(running.site.view.rules) == {"cars"}, what="the new rules")
    with site.begin() as session:
        session.scalars(select(Camera).where(Camera.slug == "attic")).one().enabled = True
    publisher.publish(COMMANDS, SyncCamera(camera="attic"))
    wait_until(lambda: "attic" in running.site.view.cameras, what="the new camera")
    send(presence(camera="attic", label="car"), presence(camera="door", label="person"))
    wait_until(lambda: told(redis), what="the event")
    assert [event.camera_slug for event in events(site)] == ["attic"]


def test_a_camera_that_was_not_announced_is_looked_up(brain: Brain, site: SessionFactory) -> None:
    brain.site.refresh()
    with site.begin() as session:
        session.scalars(select(Camera).where(Camera.slug == "attic")).one().enabled = True
    time.sleep(1.0)  # looked up once a second at most
    handle(brain, presence(camera="attic"))
    assert len(events(site)) == 1


def test_presences_wait_while_the_database_is_locked(
    running: Brain, site: SessionFactory, redis: Redis, send: Send, database_url: str
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL locks rows, not databases")
    wait_until(lambda: running.site.view.cameras, what="the first sync")
    blocker = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    send(*(presence(number=number) for number in range(20)))
    time.sleep(0.5)
    assert told(redis) == []
    blocker.execute("COMMIT")
    blocker.close()
    wait_until(lambda: len(told(redis)) == 20, 60, "the events")
    wait_until(lambda: unacknowledged(redis, running) == 0, what="the acknowledgements")


def unacknowledged(redis: Redis, brain: Brain) -> int:
    shards = range(brain.settings.shards)
    streams = [PRESENCES.stream(shard) for shard in shards]
    return sum(int(redis.xpending(stream, "brain")["pending"]) for stream in streams if redis.exists(stream))


def test_a_backlog_is_worked_off_in_order_and_completely(
    site: SessionFactory, settings: Settings, redis: Redis, send: Send
) -> None:
    for number in range(150):
        send(presence(number=number), presence(PresenceEnded, number=number, after_s=5))
    brain = build(settings, instance="brain-0")
    stop = threading.Event()
    thread = threading.Thread(target=brain.run, args=(stop,))
    thread.start()
    wait_until(lambda: len(told(redis)) == 300, 120, "the events")
    stop.set()
    thread.join(timeout=30)
    raised = [message.event_id for message in told(redis) if isinstance(message, EventRaised)]
    assert raised == [event.uuid for event in events(site)]
    assert all(event.ended_at for event in events(site))


def test_an_event_that_another_replica_stored_a_moment_ago_is_not_told_again(
    brain: Brain, site: SessionFactory
) -> None:
    brain.site.refresh()
    for _ in range(2):  # neither has read what the other wrote
        with site.begin() as session:
            ledger = Ledger(session, brain.site.view, now=AT)
            assert ledger.camera("door")
            ledger.enter(presence())
    assert outbox(site) == ["EventRaised"]


def test_a_crowd_is_told_for_the_one_who_made_it_one(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "crowd", condition={"kind": "count", "at_least": 3, "for_s": 2})
    came = {number: AT + timedelta(seconds=number) for number in (1, 2, 3)}
    for after_s in (3, 4, 6):
        handle(brain, *(presence(PresenceChanged, number=number, after_s=after_s, started_at=started)
                        for number, started in came.items()))  # fmt: skip
        assert [event.presence_id for event in events(site)] == (["presence-3"] if after_s == 6 else [])


def test_who_is_gone_is_no_part_of_a_crowd(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "crowd", condition={"kind": "count", "at_least": 2})
    handle(brain, presence(number=1), presence(PresenceEnded, number=1, after_s=2))
    handle(brain, presence(number=2, after_s=3))  # the last word of this one was lost
    handle(brain, presence(number=3, after_s=60))
    assert events(site) == []


def test_a_line_is_crossed_once(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "gate", condition={"kind": "line", "start": [0, 0.5], "end": [1, 0.5], "direction": "to_right"})
    way = [(0.5, 0.2), (0.5, 0.4), (0.5, 0.6), (0.5, 0.8)]
    for second in range(4):
        handle(brain, presence(PresenceChanged, after_s=second, path=tuple(way[: second + 1])))
    (event,) = events(site)
    assert event.occurred_at == AT + timedelta(seconds=2)


def test_who_runs_is_told_and_who_walks_is_not(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "runs", condition={"kind": "speed", "at_least": 1.6, "labels": ["person"]})
    handle(brain, presence(number=1, speed=1.2), presence(number=2, speed=1.0))
    assert events(site) == []
    handle(brain, presence(PresenceChanged, number=2, after_s=2, speed=1.9))
    assert [event.presence_id for event in events(site)] == ["presence-2"]
