"""Presences on the stream become events, once, and leave by the outbox."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis
from sqlalchemy import select

from services.brain.bootstrap import Brain
from shared.db.engine import SessionFactory
from shared.db.tables import Event, OutboxRow
from shared.messages.events import EventEnded, EventRaised
from shared.messages.message import Message, decode
from shared.messages.presences import PresenceEnded
from shared.messages.topics import EVENTS
from tests.conftest import wait_until
from tests.integration.brain.conftest import AT, presence


def told(redis: Redis) -> list[Message]:
    return [decode(fields) for _, fields in redis.xrange(EVENTS.stream())]


def test_a_person_becomes_an_event_that_is_published_and_closed(
    running: Brain, site: SessionFactory, redis: Redis, send: Callable[..., None]
) -> None:
    send(presence())
    raised = wait_until(lambda: told(redis), what="the event on the stream")[0]
    assert isinstance(raised, EventRaised)
    assert (raised.camera, raised.label, raised.rules, raised.captured_at) == ("door", "person", ("rule_001",), AT)

    send(presence(PresenceEnded, after_s=7, snapshot="best.jpg", confidence=0.97))
    ended = wait_until(lambda: told(redis)[1:], what="the end on the stream")[0]
    assert isinstance(ended, EventEnded)
    with site() as session:
        (event,) = session.scalars(select(Event)).all()
        assert (event.snapshot, event.confidence) == ("best.jpg", 0.97)
        assert event.ended_at is not None
        assert event.ended_at > event.started_at
    wait_until(lambda: not rows(site), what="the outbox to empty")


def rows(site: SessionFactory) -> list[OutboxRow]:
    with site() as session:
        return list(session.scalars(select(OutboxRow)))
