"""Orders whose answer somebody waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from redis import Redis

from services.gateway.problem import Problem, Refusal
from shared.messages.message import Message
from shared.messages.topics import COMMANDS, LIVENESS
from shared.streams import Publisher, Replies, reply_key


class Asker:
    """Asks a service and waits for its answer. Thread-safe.

    Whoever waits holds one of the gateway's threads. At most `at_once` may do so, or a service that answers nobody
    would soon take the others along.
    """

    def __init__(self, redis: Redis, *, at_once: int) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._publisher = Publisher(redis)
        self._replies = Replies(redis)
        self._places = threading.BoundedSemaphore(at_once)

    def ask(self, service: str, order: Callable[[str], Message], *, timeout_s: float) -> bytes:
        """The answer to the order made for the key it is to be answered at. Blocks for `timeout_s` at most.

        Raises `Refusal` (503) when the service does not run, does not answer in time, or too many wait already, and
        `redis.exceptions.RedisError` when Redis is away.
        """
        if not self._places.acquire(blocking=False):
            raise unavailable("Too many requests wait for the cameras already; try again in a moment", retry_after_s=1)
        try:
            return self._asked(service, order, timeout_s)
        finally:
            self._places.release()

    def _asked(self, service: str, order: Callable[[str], Message], timeout_s: float) -> bytes:
        if not self._runs(service):
            raise unavailable(f"The service '{service}' does not run", retry_after_s=5)
        reply_to = reply_key()
        self._publisher.publish(COMMANDS, order(reply_to))
        answer = self._replies.wait(reply_to, timeout_s)
        if answer is None:
            raise unavailable(f"The service '{service}' gave no answer within {timeout_s:g} s", retry_after_s=5)
        return answer

    def _runs(self, service: str) -> bool:
        keys = self._redis.scan_iter(match=LIVENESS.format(service=service, instance="*"), count=1000)
        return next(keys, None) is not None


def unavailable(message: str, *, retry_after_s: int) -> Refusal:
    """A 503 that says when to come back."""
    return Refusal(Problem(503, "service_unavailable", message, headers={"Retry-After": str(retry_after_s)}))
