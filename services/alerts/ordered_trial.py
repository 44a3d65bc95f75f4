"""Test alerts that the gateway orders and waits for."""

from __future__ import annotations

from typing import Any

from redis import Redis

from services.alerts.trial import Trial
from shared.messages.alert_test import AlertTest, encode_outcomes
from shared.messages.topics import ALERT_TEST_WANTED
from shared.observability import get_logger
from shared.streams.replies import Replies

log = get_logger("alerts.trial")

# The key outlives the wait by a second, and the answer has to arrive before its end.
_MARGIN_S = 2.0


def answer_order(redis: Redis, trial: Trial, order: AlertTest, *, reply_to: str) -> None:
    """Carry the order out in what is left of its time, once, and reply; nothing when nobody waits any more.

    A task that comes late or a second time must not startle people again. Blocks for what is left; raises
    `redis.exceptions.RedisError` when Redis is away.
    """
    within_s = _claim(redis, reply_to) - _MARGIN_S
    if within_s <= 0:
        log.info("alert_test_unwanted")
        return
    Replies(redis).send(reply_to, encode_outcomes(trial.run(order, within_s=within_s)))


def _claim(redis: Redis, reply_to: str) -> float:
    """The seconds that the order still has, counted by Redis: hosts' clocks may differ. 0 when it is not wanted."""
    wanted = ALERT_TEST_WANTED.format(reply_to=reply_to)
    pipe: Any = redis.pipeline(transaction=True)
    pipe.pttl(wanted)
    pipe.delete(wanted)
    left_ms, _ = pipe.execute()
    return max(0.0, int(left_ms) / 1000)
