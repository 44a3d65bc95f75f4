"""What was known earlier of presences that are over. Pure.

Of each presence its last state is known. What was known of it before is rebuilt from that: exactly for who it was, how
long it had been there and for its last visit to each zone. Of visits before that nothing but their length is known.
Its way is spread evenly over its time: when it crossed a line is estimated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, overload

from shared.domain.presence import Presence, ZoneStay

TICK: Final = timedelta(seconds=1)
"""The eye tells of everybody every second or so."""
_FINE: Final = 20
_COARSER: Final = 1.1
_LEAST_VISIT_S: Final = 0.1
"""Less than that comes of rounding."""


def as_known_at(presence: Presence, at: datetime) -> Presence:
    """The presence as it was known at `at`, of which the last state is given."""
    if at >= presence.last_seen_at:
        return presence
    lasted_s = (presence.last_seen_at - presence.started_at).total_seconds()
    share = 0.0 if lasted_s <= 0 else max(0.0, (at - presence.started_at).total_seconds()) / lasted_s
    stays = (_stay_at(stay, at, presence) for stay in presence.zones)
    return replace(
        presence,
        last_seen_at=max(at, presence.started_at),
        zones=tuple(stay for stay in stays if stay is not None),
        path=presence.path[: math.ceil(len(presence.path) * share)],
    )


def as_may_have_been(presence: Presence, at: datetime) -> tuple[Presence, ...]:
    """How else it may have been at `at`: in zones that it came back to later, or just out of them; usually none.

    Of several visits to a zone the last one is known, and the time of all together.
    """
    visits = tuple(_visits_before(presence, at))
    if not visits:
        return ()
    known = as_known_at(presence, at)
    over = tuple(replace(visit, inside=False, left_at=at) for visit in visits)
    return replace(known, zones=(*known.zones, *visits)), replace(known, zones=(*known.zones, *over))


class Crowd:
    """Who was there when, on one camera."""

    def __init__(self, known: Sequence[Presence]) -> None:
        self._known = known
        self._by_minute: dict[int, list[int]] = {}
        for number, presence in enumerate(known):
            for minute in range(_minute(presence.started_at), _minute(presence.last_seen_at) + 1):
                self._by_minute.setdefault(minute, []).append(number)

    def one(self, number: int, at: datetime) -> Presence:
        """The presence of that number as it was known."""
        return as_known_at(self._known[number], at)

    def last(self, number: int) -> Presence:
        """The presence of that number as it was known last."""
        return self._known[number]

    def others(self, number: int, at: datetime) -> Sequence[Presence]:
        """Who else was there, as they were known; worked out where somebody asks, as most conditions do not."""
        return _Others(self._known, self._by_minute.get(_minute(at), ()), number, at)


@dataclass(slots=True)
class _Others(Sequence[Presence]):
    known: Sequence[Presence]
    there: Sequence[int]
    number: int
    at: datetime
    _found: tuple[Presence, ...] | None = None

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> Presence: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Presence]: ...

    def __getitem__(self, index: int | slice) -> Presence | Sequence[Presence]:
        return self._all()[index]

    def _all(self) -> tuple[Presence, ...]:
        if self._found is None:
            there = (self.known[each] for each in self.there if each != self.number)
            self._found = tuple(
                as_known_at(one, self.at) for one in there if one.started_at <= self.at <= one.last_seen_at
            )
        return self._found


def moments(presence: Presence, *, since: datetime | None = None, until: datetime | None = None) -> list[datetime]:
    """When to look from `since` to before `until`: every second at first, then less and less often, and when it came
    into zones or left them."""
    found = {presence.started_at, presence.last_seen_at}
    at, step_s = presence.started_at, 1.0
    for number in range(10_000):
        # In whole seconds, as the eye tells of it.
        at += round(step_s) * TICK
        if at >= presence.last_seen_at:
            break
        found.add(at)
        step_s = step_s if number < _FINE else step_s * _COARSER
    for stay in presence.zones:
        found |= {moment for moment in (stay.entered_at, stay.left_at) if moment is not None}
    first, last = presence.started_at, presence.last_seen_at
    if since is not None and first < since <= last:
        # Who is there already is looked at at once.
        first = since
        found.add(since)
    return sorted(at for at in found if first <= at <= last and (until is None or at < until))


def turned(before: datetime, at: datetime, is_so: Callable[[datetime], bool]) -> datetime:
    """The first moment after `before`, to the second, at which it is so: at `at` it is, at `before` it was not."""
    while at - before > TICK:
        middle = before + max(1, (at - before) // TICK // 2) * TICK
        if is_so(middle):
            at = middle
        else:
            before = middle
    return at


def _minute(at: datetime) -> int:
    return int(at.timestamp() // 60)


def _stay_at(stay: ZoneStay, at: datetime, presence: Presence) -> ZoneStay | None:
    """A stay as it was at `at`; None before its last visit began, as of earlier ones nobody knows when they were."""
    if at < stay.entered_at:
        return None
    if stay.left_at is not None and at >= stay.left_at:
        return stay
    dwell_s = stay.dwell_s - ((stay.left_at or presence.last_seen_at) - at).total_seconds()
    dwell_s = min(max(0.0, dwell_s), (at - presence.started_at).total_seconds())
    return replace(stay, dwell_s=dwell_s, inside=True, left_at=None)


def _visits_before(presence: Presence, at: datetime) -> Iterator[ZoneStay]:
    """The visits that were over before the last ones, of which `at` lies before; each as if it lasted until `at`."""
    for stay in presence.zones:
        last_s = ((stay.left_at or presence.last_seen_at) - stay.entered_at).total_seconds()
        spent_s = min(stay.dwell_s - last_s, (at - presence.started_at).total_seconds())
        if at < stay.entered_at and stay.dwell_s - last_s >= _LEAST_VISIT_S:
            yield ZoneStay(stay.zone, at - timedelta(seconds=max(0.0, spent_s)), max(0.0, spent_s), inside=True)
