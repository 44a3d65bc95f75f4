"""A stream's permission is asked for again and again, and once it is taken back it is gone."""

from __future__ import annotations

import asyncio
import threading

from sqlalchemy.exc import OperationalError

from services.gateway.live.permission import ASKED_EVERY_S, Permission


def held(answers: list[bool | Exception], *, at: list[float]) -> list[bool]:
    """What is said at those seconds, the first asked answer first. Fails when it is asked more often."""
    said = iter(answers)

    def ask() -> bool:
        answer = next(said)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run() -> list[bool]:
        now = Now()
        permission = Permission(ask, monotonic=now, between=max)
        found = []
        for each in at:
            now.at = each
            found.append(await permission.holds())
        return found

    return asyncio.run(run())


class Now:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def test_it_is_asked_for_every_ten_seconds_alone() -> None:
    assert held([True, True], at=[1, 9, ASKED_EVERY_S, 11, 19, 20.1]) == [True] * 6


def test_who_has_something_to_send_does_not_wait_for_the_answer() -> None:
    answered = threading.Event()

    def ask() -> bool:
        answered.wait(10)
        return False

    async def run() -> list[bool]:
        now = Now()
        permission = Permission(ask, monotonic=now, between=min)
        now.at = ASKED_EVERY_S / 2
        found = [permission.stands(), permission.stands()]
        answered.set()
        return [*found, await permission.holds(), permission.stands()]

    assert asyncio.run(run()) == [True, True, False, False]


def test_what_was_refused_once_stays_refused_between_two_times_of_asking() -> None:
    assert held([False], at=[1, 10, 10.1, 15, 20, 40]) == [True, False, False, False, False, False]


def test_it_holds_while_the_database_is_away_and_is_asked_again() -> None:
    away = OperationalError("SELECT", {}, Exception("it is away"))
    assert held([away, away, False], at=[10, 20, 25, 30]) == [True, True, True, False]
