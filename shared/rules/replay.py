"""What a rule would have made of presences that are over. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from shared.domain.presence import Presence
from shared.rules.about_camera import AboutCamera
from shared.rules.absence import Vacancy, vacancy_at
from shared.rules.firing import Firing
from shared.rules.hindsight import Crowd, as_known_at, as_may_have_been, moments, turned
from shared.rules.replay_steps import replay_steps
from shared.rules.rule import Rule, is_cooling
from shared.rules.steps import InSteps
from shared.rules.zone_terms import NOTHING_ASKED, ZoneTerms, held_back

_LOOK: Final = timedelta(seconds=10)


def replay(
    rule: Rule,
    presences: Iterable[Presence],
    *,
    since: datetime,
    until: datetime,
    terms: Mapping[str, ZoneTerms] = NOTHING_ASKED,
    known_false: Collection[str] = (),
) -> Iterator[Firing]:
    """When the rule would have fired on the presences of one camera from `since` to before `until`, in order.

    Of a rule that asks for steps they are those of all its cameras, back to `within_s` before `since`. What waits for
    findings does not fire here. A condition about the camera counts all the time as watched. `terms` as in `evaluate`.
    `known_false` are the ids of presences that looked like what people had marked: nobody is told of them.
    """
    known = sorted(presences, key=lambda each: (each.started_at, each.id))
    if isinstance(rule.condition, AboutCamera):
        believed = [each for each in known if each.id not in known_false]
        yield from _absences(rule, rule.condition, believed, since=since, until=until)
    elif isinstance(rule.condition, InSteps):
        yield from replay_steps(rule, rule.condition, known, since=since, until=until, known_false=known_false)
    else:
        yield from _of_presences(_Trial(rule, Crowd(known), terms, known_false), known, since=since, until=until)


@dataclass(order=True, slots=True)
class _Turn:
    """When a presence is looked at next; `last` is when it was before."""

    at: datetime
    number: int
    looks: list[datetime] = field(compare=False)
    last: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A rule among those who were there."""

    rule: Rule
    crowd: Crowd
    terms: Mapping[str, ZoneTerms]
    known_false: Collection[str]

    def begins(self, turn: _Turn) -> datetime | None:
        """When it begins to hold since the last look, to the second; None when it does not."""
        if not self.holds(turn.number, turn.at):
            return None
        if turn.last is None:
            return turn.at
        return turned(turn.last, turn.at, lambda at: self.holds(turn.number, at))

    def holds(self, number: int, at: datetime) -> bool:
        one, condition = self.crowd.one(number, at), self.rule.condition
        if not condition.holds(one, at, self.crowd.others(number, at)):
            return False
        return held_back(one, self.terms, condition) is None


def _of_presences(trial: _Trial, known: Sequence[Presence], *, since: datetime, until: datetime) -> Iterator[Firing]:
    turns: list[_Turn] = []
    rule, crowd = trial.rule, trial.crowd
    for number, presence in enumerate(known):
        looks = [at for at in moments(presence, since=since, until=until) if at >= since]
        if looks:
            turns.append(_Turn(looks[0], number, looks[:0:-1]))
    heapq.heapify(turns)
    fired_at: datetime | None = None
    silenced: dict[int, Firing] = {}
    while turns:
        turn = heapq.heappop(turns)
        held_at = trial.begins(turn)
        if held_at is not None and known[turn.number].id in trial.known_false:
            yield Firing(held_at, crowd.one(turn.number, held_at), known_false=True)
            continue
        if held_at is None or is_cooling(rule, held_at, fired_at):
            if held_at is not None:
                silenced.setdefault(turn.number, Firing(held_at, crowd.one(turn.number, held_at), cooling=True))
            if turn.looks:
                heapq.heappush(turns, _Turn(turn.looks.pop(), turn.number, turn.looks, last=turn.at))
            elif turn.number in silenced:
                yield silenced[turn.number]
            continue
        fired_at = held_at if fired_at is None else max(held_at, fired_at)
        yield Firing(held_at, crowd.one(turn.number, held_at))


def _absences(
    rule: Rule, condition: AboutCamera, known: Sequence[Presence], *, since: datetime, until: datetime
) -> Iterator[Firing]:
    seen = _seen(condition, known, since=since, until=until)
    vacancy: Vacancy | None = None
    fired_at: datetime | None = None
    told = False
    at = since
    while at < until:
        seen_at = next(seen)
        if not condition.awake(at):
            vacancy, told = None, False
        else:
            before = vacancy
            vacancy = vacancy_at(before, watched_at=at, seen_at=seen_at)
            told = told and before is not None and vacancy.began_at == before.began_at
            if not told and vacancy.counted_s >= condition.for_s and not is_cooling(rule, at, fired_at):
                told, fired_at = True, at
                yield Firing(at, None)
        at += _LOOK


def _seen(
    condition: AboutCamera, known: Sequence[Presence], *, since: datetime, until: datetime
) -> Iterator[datetime | None]:
    """For each look when somebody was last seen before it."""
    spans = sorted(_spans(condition, known))
    last: datetime | None = None
    number = 0
    open_spans: list[tuple[datetime, datetime]] = []
    at = since
    while at < until:
        while number < len(spans) and spans[number][0] <= at:
            open_spans.append(spans[number])
            number += 1
        for _, ended_at in open_spans:
            seen_at = min(ended_at, at)
            last = seen_at if last is None else max(last, seen_at)
        open_spans = [span for span in open_spans if span[1] > at]
        yield last
        at += _LOOK


def _spans(condition: AboutCamera, known: Sequence[Presence]) -> Iterator[tuple[datetime, datetime]]:
    """From when to when each presence was where nobody is to be missed, joined over what is known of its stays."""
    for presence in known:
        looks = moments(presence)
        for first, last in pairwise([*looks, looks[-1]]):
            # Who was in the zone before, nobody knows when, is not to be missed: better no absence than a false one.
            ways = (as_known_at(presence, last), *as_may_have_been(presence, last))
            seen_at = max((at for each in ways if (at := condition.seen_at(each)) is not None), default=None)
            if seen_at is not None and seen_at >= first:
                yield first, seen_at
