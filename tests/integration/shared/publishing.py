"""Messages and readers for the tests of streams."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from shared.messages.events import EventEnded
from shared.messages.presences import PresenceStarted
from shared.messages.topics import EVENTS, PRESENCES
from shared.streams import GroupReader, Publisher, Received

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def publish_presences(redis: Any, names: Iterable[str], *, shard: int = 0) -> None:
    publisher = Publisher(redis)
    for name in names:
        message = PresenceStarted.example().model_copy(update={"presence_id": name})
        publisher.publish(PRESENCES, message, shard=shard)


def publish_events(redis: Any, names: Iterable[str]) -> None:
    publisher = Publisher(redis)
    for name in names:
        publisher.publish(EVENTS, EventEnded(event_id=name, camera="cam_001", ended_at=AT))


def presence_reader(redis: Any, member: str = "a", shards: Iterable[int] = (0,), **options: Any) -> GroupReader:
    owned = frozenset(shards)
    return GroupReader(redis, PRESENCES, group="brain", member=member, shards=lambda: owned, **options)


def event_reader(redis: Any, member: str = "a", **options: Any) -> GroupReader:
    return GroupReader(redis, EVENTS, group="alerts", member=member, **options)


def names_of(received: Iterable[Received]) -> list[str]:
    """The names that were published, in the order in which they came."""
    return [getattr(item.message, "presence_id", None) or getattr(item.message, "event_id", "") for item in received]


def numbered(count: int, prefix: str = "p") -> list[str]:
    return [f"{prefix}{number:04}" for number in range(count)]
