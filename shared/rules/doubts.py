"""Of whom nobody can say afterwards whether a rule would have fired. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from shared.domain.presence import Presence
from shared.rules.hindsight import Crowd, as_may_have_been, moments
from shared.rules.rule import Rule
from shared.rules.zone_terms import NOTHING_ASKED, ZoneTerms, held_back


def doubtful(
    rule: Rule,
    presences: Iterable[Presence],
    *,
    since: datetime,
    until: datetime,
    terms: Mapping[str, ZoneTerms] = NOTHING_ASKED,
) -> Iterator[Presence]:
    """The presences that came back to a zone, and on whose earlier visits the rule may have fired from `since` to
    before `until`: when those were is not known. Whether it fires on what is known is `replay`'s to say.
    """
    known = sorted(presences, key=lambda each: (each.started_at, each.id))
    crowd = Crowd(known)
    for number, presence in enumerate(known):
        if not as_may_have_been(presence, presence.started_at):
            # Hardly anybody comes back, and to ask at every moment takes its time.
            continue
        looks = (at for at in moments(presence, since=since, until=until) if at >= since)
        if any(_may_hold(rule, crowd, number, at, terms) for at in looks):
            yield presence


def _may_hold(rule: Rule, crowd: Crowd, number: int, at: datetime, terms: Mapping[str, ZoneTerms]) -> bool:
    others = crowd.others(number, at)
    return any(
        rule.condition.holds(one, at, others) and held_back(one, terms, rule.condition) is None
        for one in as_may_have_been(crowd.last(number), at)
    )
