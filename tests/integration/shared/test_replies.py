"""Asking and answering over lists in a real Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from shared.streams import Replies, reply_key


@pytest.fixture
def impatient(redis_url: str) -> Iterator[Redis]:
    """A client that gives up after a second and tries nothing twice."""
    client = Redis.from_url(redis_url, socket_timeout=1.0, retry=Retry(NoBackoff(), retries=0))
    yield client
    client.close()


def test_an_answer_that_comes_later_than_the_clients_own_time_out_is_received(redis: Redis, impatient: Redis) -> None:
    key = reply_key()
    later = threading.Timer(1.6, lambda: Replies(redis).send(key, b"\x00late"))
    later.start()
    began = time.monotonic()
    assert Replies(impatient).wait(key, 10) == b"\x00late"
    assert 1.5 < time.monotonic() - began < 10
    later.join()


def test_an_answer_that_is_there_already_is_received_even_without_waiting(redis: Redis) -> None:
    Replies(redis).send("reply:x", b"early")
    assert Replies(redis).wait("reply:x", 0) == b"early"
    assert Replies(redis).wait("reply:x", 0) is None


def test_nobody_answering_is_known_when_the_time_is_over(impatient: Redis) -> None:
    began = time.monotonic()
    assert Replies(impatient).wait(reply_key(), 1.6) is None
    # The last hundredth of a second is not waited for: no command could be so short.
    assert 1.55 < time.monotonic() - began < 10


def test_several_answers_come_in_their_order_one_by_one(redis: Redis) -> None:
    replies, key = Replies(redis), reply_key()
    replies.send(key, b"one")
    replies.send(key, b"two")
    assert [replies.wait(key, 0.2) for _ in range(3)] == [b"one", b"two", None]


def test_an_answer_that_nobody_takes_is_gone_after_its_time(redis: Redis) -> None:
    key = reply_key()
    Replies(redis).send(key, b"untaken", keep_s=20)
    assert 0 < int(redis.pttl(key)) <= 20_000


def test_every_asker_waits_at_a_place_of_its_own() -> None:
    assert reply_key() != reply_key()


def test_a_redis_that_is_away_is_told_as_such() -> None:
    away = Redis(port=1, retry=Retry(NoBackoff(), retries=0))
    with pytest.raises(RedisError):
        Replies(away).wait("reply:x", 0.2)
    with pytest.raises(RedisError):
        Replies(away).send("reply:x", b"")
