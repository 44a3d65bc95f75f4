"""A judge that does not answer is left alone for a while."""

from __future__ import annotations

from services.brain.breaker import Breaker


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(time: Time, failures: int = 5) -> Breaker:
    breaker = Breaker(failures=failures, open_s=30, monotonic=time)
    for _ in range(failures):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(failures=3, open_s=30, monotonic=Time())
    assert [breaker.failed(), breaker.failed()] == [False, False]
    breaker.succeeded()
    assert [breaker.failed(), breaker.failed()] == [False, False]
    assert breaker.allow()
    assert breaker.failed()
    assert breaker.is_blocked
    assert not breaker.allow()
    assert breaker.wait_s == 30


def test_one_call_tries_it_out_and_the_others_wait_for_how_it_goes() -> None:
    time = Time()
    breaker = opened(time)
    time.now += 29
    assert (breaker.allow(), breaker.wait_s) == (False, 1)
    time.now += 1
    assert [breaker.allow(), breaker.allow(), breaker.allow()] == [True, False, False]
    assert breaker.wait_s > 0
    assert breaker.succeeded()
    assert (breaker.allow(), breaker.allow(), breaker.wait_s) == (True, True, 0)
    assert not breaker.succeeded()


def test_a_trial_that_fails_opens_it_anew() -> None:
    time = Time()
    breaker = opened(time)
    time.now += 30
    assert breaker.allow()
    assert breaker.failed()
    assert (breaker.allow(), breaker.wait_s) == (False, 30)


def test_a_call_from_before_that_fails_late_does_not_prolong_it() -> None:
    time = Time()
    breaker = opened(time)
    time.now += 20
    assert not breaker.failed()
    assert breaker.wait_s == 10
