"""Writing messages to streams."""

from __future__ import annotations

import itertools
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from shared.messages.message import Message, encode
from shared.messages.topics import Topic
from shared.observability.logs import get_logger

log = get_logger("streams.publisher")

_LOOK_EVERY = 200
# Redis trims whole nodes only when it may be approximate, which is far cheaper than an exact bound.
_APPROXIMATE = True


class Publisher:
    """Publishes messages on the topics they belong to. Thread-safe."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._written = itertools.count(1)

    def publish(self, topic: Topic, message: Message, *, shard: int | None = None) -> None:
        """Append the message. Blocks for one round trip; raises `redis.exceptions.RedisError` when it fails."""
        self.add(self._redis, topic, message, shard=shard)
        if not topic.droppable and next(self._written) % _LOOK_EVERY == 0:
            self._warn_when_long(topic, topic.stream(shard))

    def add(self, target: Any, topic: Topic, message: Message, *, shard: int | None = None) -> None:
        """Append within a pipeline or transaction (`target`) of the caller."""
        if not isinstance(message, topic.messages):
            raise TypeError(f"{type(message).__name__} does not travel on topic {topic.name}")
        maxlen = topic.bound if topic.droppable else None
        target.xadd(topic.stream(shard), encode(message), maxlen=maxlen, approximate=_APPROXIMATE)

    def _warn_when_long(self, topic: Topic, stream: str) -> None:
        try:
            length = int(self._redis.xlen(stream))
        except RedisError:
            return  # the message itself is written: the caller must not think otherwise
        if length > topic.bound:
            log.warning("stream_backlog", stream=stream, length=length, bound=topic.bound)
