"""An alert worker in this process: it takes orders from the queue as Celery writes them, for channels of the test."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from services.alerts.channel import Channel
from services.alerts.ordered_trial import answer_order
from services.alerts.trial import Trial
from shared.db.engine import SessionFactory
from shared.jobs import QUEUE_ALERT_TESTS, TEST_ALERT
from shared.messages.alert_test import AlertTest
from shared.observability import Liveness


@contextmanager
def alert_worker(redis_url: str, sessions: SessionFactory, channels: Mapping[str, Channel]) -> Iterator[None]:
    """Work until the block ends."""
    redis, stop = Redis.from_url(redis_url), threading.Event()
    trial = Trial(channels, sessions, now=lambda: datetime.now(UTC))
    liveness = Liveness(redis, service="alerts-worker", instance="on-hand")
    liveness.beat()

    def work() -> None:
        while not stop.is_set():
            liveness.beat()
            found: Any = redis.blpop([QUEUE_ALERT_TESTS], timeout=0.1)
            if found is not None:
                reply_to, order = taken(found[1])
                answer_order(redis, trial, AlertTest.model_validate(order), reply_to=reply_to)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)
        liveness.end()
        redis.close()


def taken(raw: bytes) -> tuple[str, dict[str, Any]]:
    """The arguments of a test alert's task."""
    message = json.loads(raw)
    assert message["headers"]["task"] == TEST_ALERT
    (reply_to, order), _, _ = json.loads(base64.b64decode(message["body"]))
    return reply_to, order
