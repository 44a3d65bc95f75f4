"""Celery as Argus uses it: names, queues, and what happens when a worker or Redis is gone."""

from __future__ import annotations

import json
import time

import pytest
from kombu.exceptions import OperationalError
from redis import Redis

from shared.jobs import DELIVER, QUEUE_ALERT_TESTS, TEST_ALERT, celery_app


def test_a_job_waits_in_its_queue_until_a_worker_comes(redis: Redis, redis_url: str) -> None:
    app = celery_app(redis_url)
    app.send_task(TEST_ALERT, args=["reply", {}])
    (raw,) = redis.lrange(QUEUE_ALERT_TESTS, 0, -1)  # type: ignore[misc]
    message = json.loads(raw)
    assert message["headers"]["task"] == TEST_ALERT
    assert message["content-type"] == "application/json"
    app.close()


def test_nothing_connects_when_the_app_is_made() -> None:
    celery_app("redis://127.0.0.1:1/0").close()


def test_a_job_is_acknowledged_only_after_it_ran_and_comes_again_when_its_worker_dies() -> None:
    conf = celery_app("redis://127.0.0.1:1/0").conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.accept_content == ["json"]


def test_without_redis_a_publisher_hears_of_it_soon() -> None:
    app = celery_app("redis://127.0.0.1:1/0")
    started = time.monotonic()
    with pytest.raises(OperationalError):
        app.send_task(DELIVER, args=["delivery-1"], retry=False)
    assert time.monotonic() - started < 15
    app.close()
