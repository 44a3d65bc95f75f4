"""Who does what a step asks, and whether steps lie one after the other, near enough in time. Pure.

The brain asks both as it hears of presences, trying a rule asks both of presences that are over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.presence import Presence
from shared.rules.steps import InSteps

Latest = Callable[[int, datetime], datetime | None]
"""Of everybody who began a step before a moment: when the last of them was still at it; None when nobody did."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """That at `at` somebody is known to do or have done what a step asks; `until` is when that was last so, and long
    past for what takes a moment."""

    step: int
    at: datetime
    until: datetime

    @property
    def done_until(self) -> datetime:
        """Until when it counts as done, where this is the first that is known of it."""
        return max(self.until, self.at)


def sightings(
    sequence: InSteps, presence: Presence, at: datetime, others: Sequence[Presence] = ()
) -> Iterator[Sighting]:
    """The steps that the presence does as known at `at`, with `others` beside it on its camera.

    Of several about one presence and step the first tells when it began, and the latest `until` when it was over.
    """
    for index, step in enumerate(sequence.steps):
        if step.camera == presence.camera and step.condition.holds(presence, at, others):
            yield Sighting(index, at, step.condition.held_until(presence, at))


def is_complete(last_began_at: datetime, steps: int, *, within: timedelta, latest: Latest) -> bool:
    """Whether the steps before the last one, which began at `last_began_at`, can be told in order within the time.

    Each step takes a while: a moment of each is chosen, later than that of the step before, as late as can be.
    """
    moment, earliest = last_began_at, last_began_at - within
    for step in range(steps - 2, -1, -1):
        until = latest(step, moment)
        if until is None or (moment := min(until, moment)) < earliest:
            return False
    return True
