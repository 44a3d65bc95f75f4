"""Where footage lies, and which of it is due to go: segments/<camera>/YYYY/MM/DD/HHMMSS.mp4, times in UTC."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

FOLDER = "segments"

Names = Callable[[str], Iterable[str]]
"""The names right below a folder, sorted; none where there is no such folder."""

_SEGMENT = re.compile(r"(\d{4})/(\d\d)/(\d\d)/(\d\d)(\d\d)(\d\d)(?:-(\d+))?\.(?:mp4|mkv)")
_DIGITS = re.compile(r"\d+")


def segment_path(camera: str, started_at: datetime, *, suffix: str = ".mp4", again: int = 0) -> str:
    """The path of a segment in the media store. `again` tells apart those that begin within the same second."""
    at = started_at.astimezone(UTC)
    return f"{FOLDER}/{camera}/{at:%Y/%m/%d/%H%M%S}{f'-{again}' if again else ''}{suffix}"


def started_at(path: str) -> datetime | None:
    """When the segment at that path began, or None when it is no segment's path."""
    match = _SEGMENT.fullmatch(path.split("/", 2)[-1])
    if match is None:
        return None
    try:
        return datetime(*(int(part) for part in match.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def expired(paths: Iterable[str], *, now: datetime, keep: timedelta) -> Iterator[str]:
    """The segments that began longer ago than `keep`. `paths` come oldest first; the rest is not even looked at."""
    for path in paths:
        began = started_at(path)
        if began is None:
            continue
        if now - began <= keep:
            return
        yield path


def oldest_first(names: Names, *, camera: str | None = None) -> Iterator[str]:
    """The segments' paths by age, of one camera or of all. Lists a day's folder only when its turn comes."""
    if camera is not None:
        return _of_camera(names, f"{FOLDER}/{camera}")
    each = [_of_camera(names, f"{FOLDER}/{name}") for name in names(FOLDER)]
    return heapq.merge(*each, key=_age)


def _of_camera(names: Names, folder: str, depth: int = 3) -> Iterator[str]:
    if depth:
        for name in names(folder):
            if _DIGITS.fullmatch(name):
                yield from _of_camera(names, f"{folder}/{name}", depth - 1)
        return
    segments = (f"{folder}/{name}" for name in names(folder))
    yield from sorted((path for path in segments if started_at(path) is not None), key=_age)


def _age(path: str) -> tuple[datetime, int]:
    match = _SEGMENT.fullmatch(path.split("/", 2)[-1])
    again = int(match[7] or 0) if match else 0
    return started_at(path) or datetime.max.replace(tzinfo=UTC), again
