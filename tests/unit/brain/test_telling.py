"""What is told at once, and what waits for the judge."""

from __future__ import annotations

import pytest

from services.brain.telling import Court, Standing, telling
from shared.rules.condition import parse_condition
from shared.rules.rule import Rule

COURT = Court(judging=True)


def rule(slug: str, *, judge: bool = False, deadline_s: float = 4.0, channels: tuple[str, ...] = ()) -> Rule:
    return Rule(slug, slug, parse_condition({}), judge=judge, judge_deadline_s=deadline_s, channels=channels)


PLAIN = rule("plain")
MAIL = rule("mail", channels=("email",))
ASKS = rule("asks", judge=True)
HOOK = rule("hook", judge=True, deadline_s=2.0, channels=("webhook",))
HASTY = rule("hasty", judge=True, deadline_s=0.0)


@pytest.mark.parametrize(
    ("new", "now", "later", "deadline_s", "asks"),
    [
        ([PLAIN], [PLAIN], False, None, False),
        ([ASKS], [], True, 4.0, True),
        ([ASKS, HOOK], [], True, 2.0, True),
        ([PLAIN, ASKS], [PLAIN], True, 4.0, True),
        ([HASTY], [HASTY], False, None, True),
        ([HASTY, ASKS], [HASTY], True, 4.0, True),
    ],
)
def test_a_new_event_waits_only_where_a_rule_asks(
    *, new: list[Rule], now: list[Rule], later: bool, deadline_s: float | None, asks: bool
) -> None:
    plan = telling([], new, standing=Standing(), court=COURT)
    assert (list(plan.now), plan.later, plan.deadline_s, plan.asks) == (now, later, deadline_s, asks)


def test_without_a_judge_all_are_told_at_once() -> None:
    plan = telling([], [ASKS, PLAIN], standing=Standing(), court=Court())
    assert (plan.now, plan.later, plan.asks) == ((ASKS, PLAIN), False, False)


@pytest.mark.parametrize(
    ("known", "new", "standing", "now", "later", "asks"),
    [
        # Nobody waits, and nothing new is reached.
        ([PLAIN], [MAIL], Standing(), [], False, False),
        ([MAIL], [PLAIN], Standing(), [MAIL, PLAIN], False, False),
        # Told already, and now somebody asks.
        ([MAIL], [HOOK], Standing(), [], True, True),
        # Withheld: a rule that asks nobody is told at once, the rest goes on waiting.
        ([ASKS], [MAIL], Standing(held=True), [MAIL], True, False),
        ([ASKS], [HOOK], Standing(held=True), [], True, True),
        # The judge has spoken, or had its time.
        ([MAIL], [HOOK], Standing("confirmed"), [MAIL, HOOK], False, False),
        ([MAIL], [HOOK], Standing("unverified"), [MAIL, HOOK], False, False),
        ([ASKS], [HOOK], Standing("confirmed"), [], False, False),
        # Rejected: those who ask keep silent, the others do not.
        ([ASKS], [HOOK], Standing("rejected"), [], False, False),
        ([ASKS], [MAIL], Standing("rejected"), [MAIL], False, False),
        # A rule that is gone told somebody once.
        ([], [MAIL], Standing("confirmed"), [MAIL], False, False),
    ],
)
def test_a_rule_that_fires_later_is_told_as_the_event_stands(
    *, known: list[Rule], new: list[Rule], standing: Standing, now: list[Rule], later: bool, asks: bool
) -> None:
    plan = telling(known, new, standing=standing, court=COURT)
    assert (list(plan.now), plan.later, plan.asks) == (now, later, asks)


def test_rejections_are_told_where_people_want_to_know() -> None:
    plan = telling([MAIL], [HOOK], standing=Standing("rejected"), court=Court(judging=True, tell_rejected=True))
    assert plan.now == (MAIL, HOOK)
