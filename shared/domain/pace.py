"""How fast something goes, in its own heights per second: without a calibrated camera, near and far alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from shared.domain.box import Box

_HALF_S: Final = 0.45
_LONGEST_HALF_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Stride:
    """Where something was at `at_s` (seconds, any zero). `box` is in pixels of a picture of one size."""

    at_s: float
    box: Box


Strides = tuple[Stride, ...]
"""Oldest first, of the last few seconds."""


def strode_on(strides: Strides, to: Stride) -> Strides:
    """The strides once it is there: so many as `pace` needs. A clock that was set back begins them anew."""
    known = strides if strides and strides[-1].at_s < to.at_s else ()
    return (*(each for each in known if to.at_s - each.at_s <= 2 * _LONGEST_HALF_S), to)


def pace(strides: Strides) -> float:
    """Heights per second, held over two halves of half a second at least; 0 where it was not seen for so long.

    The slower half counts, so that a box that jumps once is not fast. Of a box the slower of its upper and its lower
    edge counts, and its greatest height: legs that come out from behind a car do not run.
    """
    if not strides:
        return 0.0
    last = strides[-1]
    middle = _before(strides, last.at_s)
    first = _before(strides, middle.at_s) if middle is not None else None
    if middle is None or first is None:
        return 0.0
    height = max(each.box.height for each in strides)
    return min(_speed(first, middle, height), _speed(middle, last, height))


def _before(strides: Strides, at_s: float) -> Stride | None:
    """The newest that is half a second older at least, and not too old."""
    found = (each for each in reversed(strides) if at_s - each.at_s >= _HALF_S)
    newest = next(found, None)
    return newest if newest is not None and at_s - newest.at_s <= _LONGEST_HALF_S else None


def _speed(a: Stride, b: Stride, height: float) -> float:
    sideways = (b.box.x1 + b.box.x2 - a.box.x1 - a.box.x2) / 2
    way = min(math.hypot(sideways, b.box.y1 - a.box.y1), math.hypot(sideways, b.box.y2 - a.box.y2))
    return way / max(height, 1.0) / (b.at_s - a.at_s)
