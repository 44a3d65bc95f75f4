"""Whether steps lie one after the other, near enough in time. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

Latest = Callable[[int, datetime], datetime | None]
"""Of everybody who began a step before a moment: when the last of them was still at it; None when nobody did."""


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
