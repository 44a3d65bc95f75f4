"""The way of an object through the picture, kept short."""

from __future__ import annotations

from typing import Final

from shared.domain.polygon import Point

Path = tuple[Point, ...]
"""Where it stood, oldest first, as shares of the picture's width and height; the last one is where it stands."""

MAX_POINTS: Final = 64
_STEP: Final = 0.01
_DIGITS: Final = 4


Extent = tuple[float, float, float, float]
"""The least and the greatest x, then y: x1, y1, x2, y2."""


def extent_of(path: Path) -> Extent | None:
    """The rectangle that a path fills; None of an empty one."""
    if not path:
        return None
    xs, ys = zip(*path, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def gone_on(path: Path, to: Point) -> Path:
    """The path once the object stands at `to`.

    Steps of less than a hundredth of the picture are not kept. A long path loses every second point of its older half:
    what was crossed long ago has been told long ago.
    """
    here = (round(to[0], _DIGITS), round(to[1], _DIGITS))
    if not path:
        return (here,)
    kept = path if len(path) == 1 or _apart(path[-2], path[-1]) else path[:-1]
    if here == kept[-1]:
        return kept
    longer = (*kept, here)
    if len(longer) <= MAX_POINTS:
        return longer
    older, newer = longer[: MAX_POINTS // 2], longer[MAX_POINTS // 2 :]
    return (*older[::2], *newer)


def _apart(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) >= _STEP or abs(a[1] - b[1]) >= _STEP
