"""What of an event is told at once and what waits for the judge. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.brain.audience import audience_of
from shared.messages.events import Verdict
from shared.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Court:
    """Whether there is a judge, and whether people hear even of what it rejected in time."""

    judging: bool = False
    tell_rejected: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How an event stands: what the judge said, if anything, and whether something of it is withheld."""

    verdict: Verdict | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """`now`: the rules on whose behalf people are told at once, none for nobody. `later`: the others wait for the
    judge, for `deadline_s` at most where that is said. `asks`: the judge is to be asked, whoever waits for it."""

    now: tuple[Rule, ...] = ()
    later: bool = False
    deadline_s: float | None = None
    asks: bool = False


def telling(known: Sequence[Rule], new: Sequence[Rule], *, standing: Standing, court: Court) -> Telling:
    """What follows when `new` rules fire on an event that `known` ones have fired on before.

    A rule waits for the judge while there is one that has not spoken yet; what it rejected is told by rules alone that
    do not ask it. Rules that bring nobody new tell nobody again.
    """
    silenced = standing.verdict == "rejected" and not court.tell_rejected
    is_open = standing.verdict is None

    def patient(rule: Rule) -> bool:
        return court.judging and rule.judge and rule.judge_deadline_s > 0 and (is_open or silenced)

    told = [rule for rule in known if not patient(rule) or (is_open and not standing.held)]
    at_once = [*told, *(rule for rule in new if not patient(rule))]
    waiting = [rule for rule in new if patient(rule)]
    is_news = bool(at_once) and (not told or audience_of(at_once).widens(audience_of(told)))
    return Telling(
        now=tuple(at_once) if is_news else (),
        later=is_open and (bool(waiting) or standing.held),
        deadline_s=min((rule.judge_deadline_s for rule in waiting), default=None),
        asks=court.judging and is_open and any(rule.judge for rule in new),
    )
