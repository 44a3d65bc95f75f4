"""Hands of their own for every channel."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from services.alerts.bulkheads import Bulkheads
from tests.conftest import wait_until


class Works:
    """Two channels with two hands and three places each; what is given to `slow` hangs until it is released."""

    def __init__(self) -> None:
        self.bulkheads = Bulkheads(["slow", "fast"], hands=2, waiting=3)
        self.released = threading.Event()
        self.begun: list[str] = []
        self.done: list[str] = []

    def hang(self) -> None:
        self.begun.append("slow")
        self.released.wait(30)
        self.done.append("slow")

    def slow(self, count: int) -> list[bool]:
        return [self.bulkheads.submit("slow", self.hang) for _ in range(count)]

    def fast(self) -> bool:
        return self.bulkheads.submit("fast", lambda: self.done.append("fast"))


@pytest.fixture
def works() -> Iterator[Works]:
    made = Works()
    yield made
    made.released.set()
    assert made.bulkheads.close(within_s=10)


def test_a_channel_that_hangs_takes_its_own_hands_and_places_and_no_others(works: Works) -> None:
    assert works.slow(200) == [True] * 5 + [False] * 195
    assert works.fast()
    wait_until(lambda: works.done == ["fast"], what="the other channel")
    wait_until(lambda: len(works.begun) == 2, what="both hands")


def test_a_place_is_free_again_when_its_job_is_done(works: Works) -> None:
    works.slow(5)
    works.released.set()
    wait_until(lambda: len(works.done) == 5, what="the jobs")
    wait_until(lambda: works.slow(1) == [True], what="a free place")


def test_a_job_that_fails_leaves_its_hand_to_the_next(works: Works) -> None:
    def fail() -> None:
        raise RuntimeError("out of order")

    assert all(works.bulkheads.submit("fast", fail) for _ in range(5))
    wait_until(works.fast, what="a free place")
    wait_until(lambda: works.done == ["fast"], what="the next job")


def test_there_is_no_room_for_what_has_no_name_here(works: Works) -> None:
    assert not works.bulkheads.submit("carrier pigeon", lambda: None)


def test_closing_forgets_what_waits_and_does_not_wait_for_what_hangs(works: Works) -> None:
    works.slow(5)
    wait_until(lambda: len(works.begun) == 2, what="both hands")
    assert not works.bulkheads.close(within_s=0.05)
    assert not works.fast()
    works.released.set()
    assert works.bulkheads.close(within_s=10)
    assert works.done == ["slow", "slow"]
