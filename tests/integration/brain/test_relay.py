"""The outbox leaves in order, at least once, by one relay at a time."""

from __future__ import annotations

import threading

from redis import Redis
from sqlalchemy import Engine, select

from services.brain.bootstrap import Brain
from services.brain.relay import Relay
from shared.db.engine import SessionFactory, read_sessions, sessions
from shared.db.outbox import outbox_row
from shared.db.tables import OutboxRow
from shared.messages.events import EventEnded, EventRaised
from shared.messages.message import decode
from shared.messages.topics import EVENTS
from shared.ownership.lease import Lease
from tests.conftest import wait_until
from tests.integration.brain.conftest import AT

NEVER = threading.Event()


def fill(site: SessionFactory, count: int) -> None:
    with site.begin() as session:
        for number in range(count):
            message = EventRaised.example().model_copy(update={"event_id": f"event-{number}"})
            session.add(outbox_row(EVENTS, message, now=AT))


def published(redis: Redis) -> list[str]:
    messages = [decode(fields) for _, fields in redis.xrange(EVENTS.stream())]
    return [message.event_id for message in messages if isinstance(message, EventRaised | EventEnded)]


def left(site: SessionFactory) -> int:
    with site() as session:
        return len(session.scalars(select(OutboxRow)).all())


def another(redis: Redis, engine: Engine, name: str) -> Relay:
    # Far longer than a page takes: a lease that ran out on the way would have rows published twice.
    lease = Lease(redis, "outbox", holder=name, ttl_s=60)
    return Relay(sessions(engine), read_sessions(engine), redis=redis, lease=lease, interval_s=0.05)


def test_rows_leave_in_order_and_are_gone(brain: Brain, site: SessionFactory, redis: Redis) -> None:
    fill(site, 450)
    assert brain.relay.drain(NEVER) == 450
    assert published(redis) == [f"event-{number}" for number in range(450)]
    assert left(site) == 0


def test_two_relays_at_once_publish_each_row_once(site: SessionFactory, redis: Redis, engine: Engine) -> None:
    stop = threading.Event()
    relays = [another(redis, engine, name) for name in ("a", "b")]
    threads = [threading.Thread(target=relay.run, args=(stop,)) for relay in relays]
    for thread in threads:
        thread.start()
    for _ in range(10):
        fill(site, 20)
        for relay in relays:
            relay.wake()
    wait_until(lambda: left(site) == 0, what="the outbox to empty")
    stop.set()
    for relay, thread in zip(relays, threads, strict=True):
        relay.wake()
        thread.join(timeout=5)
    assert len(published(redis)) == 200


def test_a_relay_that_died_while_it_held_the_lease_is_followed_by_another(
    site: SessionFactory, redis: Redis, engine: Engine
) -> None:
    assert Lease(redis, "outbox", holder="dead", ttl_s=0.5).acquire()
    fill(site, 3)
    assert another(redis, engine, "alive").drain(NEVER) == 3


def test_rows_of_an_unknown_kind_do_not_hold_up_the_rest(brain: Brain, site: SessionFactory, redis: Redis) -> None:
    with site.begin() as session:
        session.add(OutboxRow(topic="events", kind="EventFoo", body="{}", created_at=AT))
    fill(site, 1)
    brain.relay.drain(NEVER)
    assert (published(redis), left(site)) == (["event-0"], 0)


def test_an_outbox_of_yesterday_leaves_when_a_relay_starts(site: SessionFactory, redis: Redis, engine: Engine) -> None:
    fill(site, 3)
    stop = threading.Event()
    relay = another(redis, engine, "a")
    thread = threading.Thread(target=relay.run, args=(stop,))
    thread.start()
    wait_until(lambda: left(site) == 0, what="the outbox to empty")
    stop.set()
    thread.join(timeout=5)
