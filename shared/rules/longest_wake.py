"""How long a schedule is awake at a stretch. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Final

from shared.rules.schedule import DAYS, Schedule, Window

_DAY_S: Final = 86_400
_WEEK_S: Final = 7 * _DAY_S


def longest_wake(schedule: Schedule) -> timedelta | None:
    """The longest stretch of a week by the clock on the wall, windows that touch or overlap being one; None: endless.

    Changes of daylight saving, which lengthen or shorten one window a year by an hour, are left out.
    """
    once = [span for window in schedule.windows for span in _spans(window)]
    # A stretch over the end of the week is whole in two weeks, wherever it begins.
    spans = sorted(once + [(start + _WEEK_S, end + _WEEK_S) for start, end in once])
    longest, (began, until) = 0, spans[0]
    for start, end in spans:
        began = start if start > until else began
        until = max(until, end)
        longest = max(longest, until - began)
    return None if longest >= _WEEK_S else timedelta(seconds=longest)


def _spans(window: Window) -> Iterator[tuple[int, int]]:
    """From and to in seconds since Monday began; the end of the last may lie in the week that follows."""
    start = _seconds(window.start)
    lasts = (_seconds(window.end) - start) % _DAY_S or _DAY_S
    for number, day in enumerate(DAYS):
        if not window.days or day in window.days:
            yield number * _DAY_S + start, number * _DAY_S + start + lasts


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second
