"""Test alerts: ordered from a worker of alerts, and waited for."""

from __future__ import annotations

import threading
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from pydantic import ValidationError
from redis import Redis

from services.gateway.problem import Problem, Refusal
from shared.jobs import TEST_ALERT
from shared.messages.alert_test import AlertTest, ChannelOutcome, decode_outcomes
from shared.messages.topics import ALERT_TEST_COUNT, ALERT_TEST_WANTED, LIVENESS
from shared.streams.replies import Replies, reply_key

PATIENCE_S = 15.0
"""How long somebody waits for the outcome. The worker ends a second earlier, so that its answer arrives."""
PER_MINUTE = 5
"""Test alerts that one account may order within a minute: each may reach many people."""

_WORKER = "alerts-worker"
_MINUTE_S = 60
# Only a key that outlives the wait tells afterwards whether a worker took the order.
_SLACK_S = 1.0
_RETRIES = {"max_retries": 2, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2}


class AlertTests:
    """Thread-safe. Every method raises `RedisError` while Redis is away.

    Whoever waits holds one of the gateway's threads: at most `at_once` may do so.
    """

    def __init__(self, redis: Redis, celery: Celery, *, at_once: int, patience_s: float = PATIENCE_S) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._replies = Replies(redis)
        self._celery = celery
        self._places = threading.BoundedSemaphore(at_once)
        self._patience_s = patience_s

    def admit(self, account_id: int) -> None:
        """Count a test of this account. Raises `Refusal`: 503 when no worker runs, 429 when there were too many."""
        if next(self._redis.scan_iter(match=LIVENESS.format(service=_WORKER, instance="*"), count=1000), None) is None:
            raise _unserved("no alert worker runs: see GET /health, and start Argus with `argus up`")
        counter = ALERT_TEST_COUNT.format(account=account_id)
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(counter, 0, nx=True, ex=_MINUTE_S)
        pipe.incr(counter)
        pipe.ttl(counter)
        _, count, left_s = pipe.execute()
        if count > PER_MINUTE:
            message = f"At most {PER_MINUTE} test alerts a minute; try again in {max(1, left_s)} s"
            raise Refusal(Problem(429, "rate_limit_exceeded", message, headers={"Retry-After": str(max(1, left_s))}))

    def send(self, order: AlertTest) -> dict[str, ChannelOutcome]:
        """Have it sent, and each channel's outcome. Blocks up to `patience_s`; raises `Refusal` (503) past that."""
        if not self._places.acquire(blocking=False):
            raise _unserved("too many test alerts are under way; try again in a moment")
        try:
            return self._sent(order)
        finally:
            self._places.release()

    def _sent(self, order: AlertTest) -> dict[str, ChannelOutcome]:
        reply_to = reply_key()
        wanted = ALERT_TEST_WANTED.format(reply_to=reply_to)
        self._redis.set(wanted, 1, px=round((self._patience_s + _SLACK_S) * 1000))
        try:
            self._celery.send_task(
                TEST_ALERT, (reply_to, order.model_dump(mode="json")), retry=True, retry_policy=_RETRIES
            )
        except BrokerError:
            raise _unserved("Redis does not answer; try again in a moment") from None
        answer = self._replies.wait(reply_to, self._patience_s)
        if answer is None:
            begun = not self._redis.delete(wanted)  # a worker that only now gets to it leaves it
            state = "took the test but did not answer" if begun else "took the test"
            raise _unserved(f"{'the' if begun else 'no'} alert worker {state} within {self._patience_s:g} s")
        try:
            return decode_outcomes(answer)
        except ValidationError:
            raise _unserved("the alert worker speaks another version; restart Argus") from None


def _unserved(message: str) -> Refusal:
    text = message[:1].upper() + message[1:]
    return Refusal(Problem(503, "service_unavailable", text, headers={"Retry-After": "5"}))
