"""A site with two cameras, and presences to send to the brain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy import Engine

from services.brain.bootstrap import Brain, build
from shared.db.engine import SessionFactory, sessions
from shared.db.tables import Account, Camera
from shared.domain.ids import shard_of
from shared.messages.presences import PresenceBody, PresenceStarted
from shared.messages.topics import PRESENCES
from shared.settings import Settings
from shared.streams import Publisher

AT = datetime(2026, 1, 15, 10, 30, 45, 123000, tzinfo=UTC)


@pytest.fixture
def site(engine: Engine) -> SessionFactory:
    """A migrated database with an account, an enabled camera `door` and a disabled one `attic`."""
    made = sessions(engine)
    with made.begin() as session:
        session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=AT))
        session.flush()
        for slug, enabled in (("door", True), ("attic", False)):
            session.add(
                Camera(
                    slug=slug,
                    account_id=1,
                    name=slug.title(),
                    url_encrypted="",
                    url_masked="",
                    enabled=enabled,
                    options={},
                    created_at=AT,
                    updated_at=AT,
                )
            )
    return made


@pytest.fixture
def brain(site: SessionFactory, settings: Settings) -> Iterator[Brain]:
    """An assembled brain that does not run; its handlers are called by the test."""
    made = build(settings, instance="brain-0")
    yield made
    made.close()


@pytest.fixture
def running(site: SessionFactory, settings: Settings) -> Iterator[Brain]:
    """A brain at work on threads of this process."""
    made = build(settings, instance="brain-0")
    stop = threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    yield made
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


def presence(
    kind: type[PresenceBody] = PresenceStarted, *, number: int = 1, after_s: float = 0.0, **fields: object
) -> PresenceBody:
    """A presence of a person at the door, told `after_s` seconds after it started."""
    at = AT + timedelta(seconds=after_s)
    base = PresenceStarted.example().model_copy(
        update={
            "presence_id": f"presence-{number}",
            "camera": "door",
            "zones": (),
            "started_at": AT,
            "last_seen_at": at,
            "captured_at": at,
            **fields,
        }
    )
    return kind.model_validate(base.model_dump())


@pytest.fixture
def send(redis: Redis, settings: Settings) -> Callable[..., None]:
    """Publish presences on their cameras' shards."""
    publisher = Publisher(redis)

    def publish(*messages: PresenceBody) -> None:
        for message in messages:
            publisher.publish(PRESENCES, message, shard=shard_of(message.camera, settings.shards))

    return publish
