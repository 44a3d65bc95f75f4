"""Lines that things cross."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.domain.path import Extent
from shared.domain.polygon import Point

Side = Literal["left", "right"]

# Shorter than any picture shows; the square of what is much shorter is no float any more.
_SHORTEST = 1e-6
_SLACK = 1e-9
# What lies this far from the line's ends is beyond what rounding could bring back.
_APART = 1e-6


@dataclass(frozen=True, slots=True)
class Line:
    """From `start` to `end`, in any one unit, y downwards as in pictures.

    Raises `ValueError` for two points that are the same, or as good as that.

    Left and right are those of somebody who stands at `start` and looks towards `end`.
    """

    start: Point
    end: Point

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (*self.start, *self.end)):
            raise ValueError("a line's coordinates must be finite numbers")
        if math.dist(self.start, self.end) < _SHORTEST:
            raise ValueError("a line needs two different points")

    def is_out_of_reach(self, extent: Extent) -> bool:
        """Whether no path within the rectangle crosses; sooner said than what its crossings are."""
        x1, y1, x2, y2 = extent
        (start_x, start_y), (end_x, end_y) = self.start, self.end
        if (
            max(start_x, end_x) < x1 - _APART
            or min(start_x, end_x) > x2 + _APART
            or max(start_y, end_y) < y1 - _APART
            or min(start_y, end_y) > y2 + _APART
        ):
            return True
        turns = self._turns(((x1, y1), (x2, y1), (x1, y2), (x2, y2)))
        return min(turns) > self._slack or max(turns) < -self._slack

    def crossings(self, path: Sequence[Point]) -> Iterator[Side]:
        """To which side a path goes each time it crosses, in order.

        A crossing leads from one side to the other between the line's ends, however far two points of the path lie
        apart. Who only touches the line, or goes around its end, does not cross.
        """
        slack = self._slack
        last: Side | None = None
        since = 0
        for index, turn in enumerate(self._turns(path)):
            if -slack <= turn <= slack:
                continue
            side: Side = "left" if turn < 0 else "right"
            if last is not None and side != last and self._meets(path[since : index + 1]):
                yield side
            last, since = side, index

    @property
    def _slack(self) -> float:
        """Points are computed in floats: what misses the line by a rounding error is on it."""
        return _SLACK * math.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1])

    def _meets(self, way: Sequence[Point]) -> bool:
        """Whether a way from one side to the other, with nothing but points of the line between, meets it."""
        first, last = way[0], way[-1]
        places = [self._place(point) for point in way[1:-1]] or [self._place(self._meeting(first, last))]
        return all(0.0 <= place <= 1.0 for place in places)

    def _meeting(self, a: Point, b: Point) -> Point:
        turn_a, turn_b = self._turns((a, b))
        share = turn_a / (turn_a - turn_b)
        return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])

    def _place(self, point: Point) -> float:
        """Where along the line a point of it lies: 0 at `start`, 1 at `end`; rounded, as points are computed."""
        dx, dy = self.end[0] - self.start[0], self.end[1] - self.start[1]
        along = (point[0] - self.start[0]) * dx + (point[1] - self.start[1]) * dy
        return round(along / (dx * dx + dy * dy), 9)

    def _turns(self, points: Sequence[Point]) -> list[float]:
        """How far each point lies to the right (negative: to the left), times the line's length."""
        (x, y), (end_x, end_y) = self.start, self.end
        dx, dy = end_x - x, end_y - y
        return [dx * (point_y - y) - dy * (point_x - x) for point_x, point_y in points]
