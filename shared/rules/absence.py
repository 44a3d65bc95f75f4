"""How long nobody was there, counted from one picture to the next. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST_BETWEEN_S: Final = 20.0
"""Between two pictures of a camera that is watched: quiet ones send one every five or six seconds, some are lost."""

_MOST_BETWEEN: Final = timedelta(seconds=MOST_BETWEEN_S)


@dataclass(frozen=True, slots=True)
class Vacancy:
    """Nobody was there from `began_at` on: since somebody was, or since the counting began.

    `counted_s` is how much of the time until the picture of `watched_at` was watched.
    """

    began_at: datetime
    watched_at: datetime
    counted_s: float = 0.0


def vacancy_at(before: Vacancy | None, *, watched_at: datetime, seen_at: datetime | None) -> Vacancy:
    """The vacancy once the picture of `watched_at` was looked at, somebody having last been there at `seen_at`.

    A longer break between two pictures does not count: the camera was down, or nobody looked. A clock that was set
    back begins everything anew.
    """
    if before is None or watched_at < before.watched_at - _MOST_BETWEEN:
        before = Vacancy(began_at=watched_at, watched_at=watched_at)
    began_at, counted_s = before.began_at, before.counted_s
    # Later than that, it was noted by a clock that has been set back since.
    if seen_at is not None and began_at < seen_at <= watched_at + _MOST_BETWEEN:
        began_at = seen_at
        counted_s = min(counted_s, max(0.0, (before.watched_at - seen_at).total_seconds()))
    if watched_at - before.watched_at <= _MOST_BETWEEN:
        counted_s += max(0.0, (watched_at - max(before.watched_at, began_at)).total_seconds())
    return Vacancy(began_at, max(watched_at, before.watched_at), counted_s)
