from __future__ import annotations

from collections.abc import Iterable

from services.alerts.steadiness import Steadiness, Turn


def _turns(steady: Steadiness, looks: Iterable[tuple[float, bool]]) -> list[tuple[float, Turn]]:
    """What people are told, when each turn is told at once."""
    found: list[tuple[float, Turn]] = []
    for at_s, ok in looks:
        turn = steady.see("redis", ok=ok, at_s=at_s)
        if turn is not None:
            found.append((at_s, turn))
            steady.told("redis", turn)
    return found


def _steady() -> Steadiness:
    return Steadiness(down_after_s=60, up_after_s=180)


def test_what_fails_is_told_after_a_while_and_once() -> None:
    assert _turns(_steady(), ((at, False) for at in range(0, 600, 2))) == [(60, "down")]


def test_what_works_again_is_told_after_a_longer_while_and_once() -> None:
    assert _turns(_steady(), ((at, at >= 100) for at in range(0, 1000, 2))) == [(60, "down"), (278, "up")]


def test_a_short_failure_is_not_told() -> None:
    assert _turns(_steady(), ((at, not 100 <= at < 150) for at in range(0, 1000, 2))) == []


def test_what_fails_every_other_moment_is_told_once() -> None:
    flutter = ((at, at // 30 % 2 == 0) for at in range(0, 36_000, 2))
    assert _turns(_steady(), flutter) == [(118, "down")]


def test_short_failures_far_from_each_other_do_not_add_up() -> None:
    assert _turns(_steady(), ((at, at % 1000 >= 50) for at in range(0, 20_000, 2))) == []


def test_a_process_that_was_stopped_meanwhile_concludes_nothing() -> None:
    assert _turns(_steady(), [(0, False), (10_000, False)]) == []


def test_what_is_not_told_is_asked_for_again_and_what_was_told_before_is_not() -> None:
    steady = _steady()
    asked = [steady.see("redis", ok=False, at_s=at) for at in range(0, 70, 2)]
    assert asked[-5:] == ["down"] * 5
    steady.told("redis", "down")
    assert steady.is_down("redis")
    assert steady.see("redis", ok=False, at_s=72) is None
    assert steady.see("judge", ok=False, at_s=72) is None
