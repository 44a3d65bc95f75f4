"""A service that answers orders as a test tells it to, over the real streams."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis

from shared.messages.message import Message
from shared.messages.topics import LIVENESS
from shared.streams import CommandTail, Replies

Answering = Callable[[Message], bytes | None]


class StandIn:
    """Keeps the orders it got; answers those with a `reply_to` unless `answering` gives None."""

    def __init__(self, redis: Redis, answering: Answering) -> None:
        self.orders: list[Message] = []
        self._replies = Replies(redis)
        self._tail = CommandTail(redis)
        self._answering = answering
        self._stop = threading.Event()

    def run(self) -> None:
        while not self._stop.is_set():
            for order in self._tail.poll(block_ms=50):
                self.orders.append(order)
                answer = self._answering(order)
                reply_to = getattr(order, "reply_to", None)
                if reply_to is not None and answer is not None:
                    self._replies.send(reply_to, answer)

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def standing_in(redis: Redis, answering: Answering, *, service: str = "ingest") -> Iterator[StandIn]:
    """The service is alive and answers while this lasts."""
    redis.hset(LIVENESS.format(service=service, instance="stand-in"), "pid", "1")
    stand_in = StandIn(redis, answering)
    thread = threading.Thread(target=stand_in.run)
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.stop()
        thread.join()
