"""When a rule that asks for several steps would have fired on presences that are over. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate

from shared.domain.presence import Presence
from shared.rules.firing import Firing
from shared.rules.hindsight import TICK, Crowd, moments, turned
from shared.rules.rule import Rule, is_cooling
from shared.rules.sequence import Sighting, is_complete, sightings
from shared.rules.steps import InSteps


@dataclass(frozen=True, slots=True)
class _Done:
    """Somebody did what a step asks, from `began_at` until `until`; `presence` as known when it began."""

    step: int
    began_at: datetime
    until: datetime
    presence: Presence


def replay_steps(
    rule: Rule,
    sequence: InSteps,
    known: Sequence[Presence],
    *,
    since: datetime,
    until: datetime,
    known_false: Collection[str] = (),
) -> Iterator[Firing]:
    """When the rule would have fired from `since` to before `until`, in order. `known`: of all its cameras, by start.

    As in the brain it fires for whoever does the last step, when that begins; later it does not make up for it.
    Those that are `known_false` (ids) do no step before the last one.
    """
    within = timedelta(seconds=sequence.within_s)
    # A tick more, so that who was there before is no one who began in time.
    done = list(_all_done(sequence, known, since=since - within - TICK, until=until))
    last = len(sequence.steps) - 1
    believed = [each for each in done if each.presence.id not in known_false]
    earlier = [_Earlier(each for each in believed if each.step == step) for step in range(last)]
    fired_at: datetime | None = None
    for each in sorted((each for each in done if each.step == last), key=_order):
        if each.began_at < since or not is_complete(
            each.began_at, last + 1, within=within, latest=lambda step, before: earlier[step].latest(before)
        ):
            continue
        if each.presence.id in known_false:
            yield Firing(each.began_at, each.presence, known_false=True)
            continue
        cooling = is_cooling(rule, each.began_at, fired_at)
        fired_at = fired_at if cooling else each.began_at
        yield Firing(each.began_at, each.presence, cooling=cooling)


class _Earlier:
    """What was done of one step: `Latest` of it."""

    def __init__(self, done: Iterable[_Done]) -> None:
        known = sorted(done, key=_order)
        self._began = [each.began_at for each in known]
        self._until = list(accumulate((each.until for each in known), max))

    def latest(self, before: datetime) -> datetime | None:
        number = bisect_left(self._began, before)
        return self._until[number - 1] if number else None


def _order(done: _Done) -> tuple[datetime, datetime, str]:
    return done.began_at, done.presence.started_at, done.presence.id


def _all_done(sequence: InSteps, known: Sequence[Presence], *, since: datetime, until: datetime) -> Iterator[_Done]:
    for camera in sequence.cameras():
        there = [presence for presence in known if presence.camera == camera]
        watch = _Watch(sequence, Crowd(there))
        for number, presence in enumerate(there):
            looks = [at for at in moments(presence, since=since, until=until) if at >= since]
            yield from watch.done(number, looks)


@dataclass(frozen=True, slots=True)
class _Watch:
    """Looks at the presences of one camera, step by step."""

    sequence: InSteps
    crowd: Crowd

    def done(self, number: int, looks: Sequence[datetime]) -> Iterable[_Done]:
        """What the presence of that number did, looked at in order."""
        found: dict[int, _Done] = {}
        before: dict[int, Sighting] = {}
        last: datetime | None = None
        for at in looks:
            now = self._seen(number, at)
            for step, seen in now.items():
                if last is not None and step not in found:
                    self._note(found, number, self._first(number, step, last, seen))
                self._note(found, number, seen)
            for step in before.keys() - now.keys():
                self._note(found, number, self._final(number, before[step], at))
            before, last = now, at
        return found.values()

    def _seen(self, number: int, at: datetime) -> dict[int, Sighting]:
        presence, others = self.crowd.one(number, at), self.crowd.others(number, at)
        return {seen.step: seen for seen in sightings(self.sequence, presence, at, others)}

    def _note(self, found: dict[int, _Done], number: int, seen: Sighting) -> None:
        known = found.get(seen.step)
        if known is None:
            known = _Done(seen.step, seen.at, seen.done_until, self.crowd.one(number, seen.at))
        found[seen.step] = replace(known, until=max(known.until, seen.until))

    def _first(self, number: int, step: int, before: datetime, seen: Sighting) -> Sighting:
        """When it was first so, after `before`, when it was not."""
        at = turned(before, seen.at, lambda at: step in self._seen(number, at))
        return self._seen(number, at)[step]

    def _final(self, number: int, seen: Sighting, after: datetime) -> Sighting:
        """When it was last so, before `after`, when it was no more."""
        over = turned(seen.at, after, lambda at: seen.step not in self._seen(number, at))
        return self._seen(number, max(seen.at, over - TICK)).get(seen.step, seen)
