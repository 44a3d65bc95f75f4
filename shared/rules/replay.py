"""What a rule would have made of presences that are over. Pure.

Of each presence its last state is known. What was known of it before is rebuilt from that: exactly for who it was, how
long it had been there and in which zone. Its way is spread evenly over its time: when it crossed a line is estimated.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from shared.domain.presence import Presence, ZoneStay
from shared.rules.about_camera import AboutCamera
from shared.rules.absence import Vacancy, vacancy_at
from shared.rules.rule import Rule, is_cooling

_TICK: Final = timedelta(seconds=1)
"""The eye tells of everybody every second or so."""
_FINE: Final = 20
_COARSER: Final = 1.1
_LOOK: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Firing:
    """That the rule would have fired at `at`, for `presence` (None: for nobody's being there).

    `cooling`: it would have been silent, because it had fired before.
    """

    at: datetime
    presence: Presence | None
    cooling: bool = False


def as_known_at(presence: Presence, at: datetime) -> Presence:
    """The presence as it was known at `at`, of which the last state is given."""
    if at >= presence.last_seen_at:
        return presence
    lasted_s = (presence.last_seen_at - presence.started_at).total_seconds()
    share = 0.0 if lasted_s <= 0 else max(0.0, (at - presence.started_at).total_seconds()) / lasted_s
    stays = (_stay_at(stay, at, ended_at=presence.last_seen_at) for stay in presence.zones)
    return replace(
        presence,
        last_seen_at=max(at, presence.started_at),
        zones=tuple(stay for stay in stays if stay is not None),
        path=presence.path[: math.ceil(len(presence.path) * share)],
    )


def replay(rule: Rule, presences: Iterable[Presence], *, since: datetime, until: datetime) -> Iterator[Firing]:
    """When the rule would have fired on the presences of one camera from `since` to before `until`, in order.

    What waits for findings does not fire here. A condition about the camera counts all the time as watched.
    """
    known = sorted(presences, key=lambda each: (each.started_at, each.id))
    if isinstance(rule.condition, AboutCamera):
        yield from _absences(rule, rule.condition, known, since=since, until=until)
        return
    yield from _of_presences(rule, known, since=since, until=until)


@dataclass(order=True, slots=True)
class _Turn:
    """When a presence is looked at next; `last` is when it was before."""

    at: datetime
    number: int
    moments: list[datetime] = field(compare=False)
    last: datetime | None = field(default=None, compare=False)


def _of_presences(rule: Rule, known: Sequence[Presence], *, since: datetime, until: datetime) -> Iterator[Firing]:
    turns: list[_Turn] = []
    crowd = _Crowd(known)
    for number, presence in enumerate(known):
        moments = [at for at in _moments(presence) if since <= at < until]
        if moments:
            turns.append(_Turn(moments[0], number, moments[:0:-1]))
    heapq.heapify(turns)
    fired_at: datetime | None = None
    silenced: dict[int, Firing] = {}
    while turns:
        turn = heapq.heappop(turns)
        held_at = _holds(rule, crowd, turn)
        if held_at is None or is_cooling(rule, held_at, fired_at):
            if held_at is not None:
                silenced.setdefault(turn.number, Firing(held_at, crowd.one(turn.number, held_at), cooling=True))
            if turn.moments:
                heapq.heappush(turns, _Turn(turn.moments.pop(), turn.number, turn.moments, last=turn.at))
            elif turn.number in silenced:
                yield silenced[turn.number]
            continue
        fired_at = held_at if fired_at is None else max(held_at, fired_at)
        yield Firing(held_at, crowd.one(turn.number, held_at))


class _Crowd:
    """Who was there when."""

    def __init__(self, known: Sequence[Presence]) -> None:
        self._known = known
        self._by_minute: dict[int, list[int]] = {}
        for number, presence in enumerate(known):
            for minute in range(_minute(presence.started_at), _minute(presence.last_seen_at) + 1):
                self._by_minute.setdefault(minute, []).append(number)

    def one(self, number: int, at: datetime) -> Presence:
        return as_known_at(self._known[number], at)

    def others(self, number: int, at: datetime) -> tuple[Presence, ...]:
        there = (self._known[each] for each in self._by_minute.get(_minute(at), ()) if each != number)
        return tuple(as_known_at(one, at) for one in there if one.started_at <= at <= one.last_seen_at)


def _minute(at: datetime) -> int:
    return int(at.timestamp() // 60)


def _holds(rule: Rule, crowd: _Crowd, turn: _Turn) -> datetime | None:
    """When the condition begins to hold since the last look, to the second; None when it does not."""
    if not _holds_at(rule, crowd, turn.number, turn.at):
        return None
    before, at = turn.last, turn.at
    while before is not None and at - before > _TICK:
        middle = before + (at - before) / 2
        if _holds_at(rule, crowd, turn.number, middle):
            at = middle
        else:
            before = middle
    return at


def _holds_at(rule: Rule, crowd: _Crowd, number: int, at: datetime) -> bool:
    return rule.condition.holds(crowd.one(number, at), at, crowd.others(number, at))


def _moments(presence: Presence) -> list[datetime]:
    """When to look: every second at first, then less and less often, and when it came into zones or left them."""
    found = {presence.started_at, presence.last_seen_at}
    at, step = presence.started_at, _TICK
    for number in range(10_000):
        at += step
        if at >= presence.last_seen_at:
            break
        found.add(at)
        step = step if number < _FINE else step * _COARSER
    for stay in presence.zones:
        found |= {moment for moment in (stay.entered_at, stay.left_at) if moment is not None}
    return sorted(moment for moment in found if presence.started_at <= moment <= presence.last_seen_at)


def _stay_at(stay: ZoneStay, at: datetime, *, ended_at: datetime) -> ZoneStay | None:
    """A stay as it was at `at`; None before it began, as far as that is known."""
    if stay.left_at is not None and at >= stay.left_at:
        return stay
    until = stay.left_at or ended_at
    dwell_s = max(0.0, stay.dwell_s - (until - max(at, stay.entered_at)).total_seconds())
    if at >= stay.entered_at:
        return replace(stay, dwell_s=dwell_s, inside=True, left_at=None)
    # An earlier visit, of which only the time spent is known.
    return replace(stay, dwell_s=dwell_s, inside=False, left_at=at) if dwell_s > 0 else None


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
        moments = _moments(presence)
        for first, last in pairwise([*moments, moments[-1]]):
            seen_at = condition.seen_at(as_known_at(presence, last))
            if seen_at is not None and seen_at >= first:
                yield first, seen_at
