"""Which pictures of a day nobody needs any more. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_NAME: Final = re.compile(r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?P<place>-\d+)?\.jpg")


@dataclass(frozen=True, slots=True)
class LeftPicture:
    """A picture in the media store. `of` is the presence, or the event of a scene, that it shows; None for a name that
    nobody here gives. `further` marks a crop that is none of its event's two pictures."""

    path: str
    of: str | None
    further: bool = False

    @classmethod
    def named(cls, folder: str, name: str) -> LeftPicture:
        found = _NAME.fullmatch(name)
        if found is None:
            return cls(f"{folder}/{name}", None)
        return cls(f"{folder}/{name}", found["id"], found["place"] is not None)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database says of a day's pictures: ids with an event, and the paths that events show.

    `held` are those of the ids that are under legal hold.
    """

    ids: frozenset[str]
    paths: frozenset[str]
    held: frozenset[str] = frozenset()


def days_due(days: Collection[date], *, now: datetime, keep: timedelta) -> list[date]:
    """Those of whose pictures every one is older than `keep`, the oldest first."""
    return sorted(day for day in days if _end(day) + keep <= now)


def not_needed(
    pictures: Sequence[LeftPicture], kept: Kept, *, there: Collection[str], crops_too: bool
) -> Iterator[LeftPicture]:
    """Pictures without an event, and, with `crops_too`, further crops of presences with one.

    What an event shows stays, as does what is still `there` or has a name of somebody else's.
    """
    for picture in pictures:
        if picture.of is None or picture.of in there or picture.of in kept.held or picture.path in kept.paths:
            continue
        if picture.of not in kept.ids or (crops_too and picture.further):
            yield picture


def _end(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)
