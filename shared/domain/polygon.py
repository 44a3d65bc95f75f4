"""Polygons: the shape of a zone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]

MAX_POINTS = 256
"""Every pair of edges is compared: this keeps that below a fraction of a second."""

_NO_PAIR = "each point of a polygon is a pair of numbers [x, y]"


@dataclass(frozen=True, slots=True)
class Polygon:
    """A simple (not self-crossing) polygon of three points or more, in any one unit.

    Zones are stored normalised (0..1 of the picture's width and height), so that a change of
    resolution keeps them in place. Raises `ValueError` that names what is wrong.
    """

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise ValueError(f"a polygon needs at least 3 points, got {len(self.points)}")
        if len(self.points) > MAX_POINTS:
            raise ValueError(f"a polygon has at most {MAX_POINTS} points, got {len(self.points)}")
        if not all(math.isfinite(value) for point in self.points for value in point):
            raise ValueError("a polygon's coordinates must be finite numbers")
        if len(set(self.points)) != len(self.points):
            raise ValueError("a polygon's points must all differ")
        if all(_turn(self.points[0], self.points[1], point) == 0 for point in self.points):
            raise ValueError("a polygon's points must not all lie on one line")
        if _crosses_itself(self.points):
            raise ValueError("a polygon's edges must not cross each other")

    @classmethod
    def of(cls, points: Iterable[Iterable[float]]) -> Polygon:
        """The polygon through the points. Raises `ValueError` for anything that is no list of pairs of numbers."""
        try:
            return cls(tuple(_pair(point) for point in points))
        except (TypeError, OverflowError):
            raise ValueError(_NO_PAIR) from None

    @property
    def area(self) -> float:
        """Shoelace formula."""
        total = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _edges(self.points))
        return abs(total) / 2

    def contains(self, point: Point) -> bool:
        """Whether the point lies inside or on an edge (even-odd ray casting)."""
        x, y = point
        inside = False
        for (x1, y1), (x2, y2) in _edges(self.points):
            if _on_segment((x1, y1), (x2, y2), point):
                return True
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
        return inside

    def scaled(self, sx: float, sy: float) -> Polygon:
        return Polygon(tuple((x * sx, y * sy) for x, y in self.points))


def _pair(point: Any) -> Point:
    if isinstance(point, str):
        raise TypeError(_NO_PAIR)
    try:
        x, y = (float(value) for value in point)
    except ValueError:
        raise ValueError(_NO_PAIR) from None
    return x, y


def _edges(points: tuple[Point, ...]) -> Iterable[tuple[Point, Point]]:
    return zip(points, points[1:] + points[:1], strict=True)


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on_segment(a: Point, b: Point, p: Point) -> bool:
    # Points are computed in floats: what misses the segment by a rounding error is on it.
    slack = 1e-12 * max(1.0, abs(b[0] - a[0]) + abs(b[1] - a[1]))
    if abs(_turn(a, b, p)) > slack:
        return False
    return all(min(a[axis], b[axis]) - slack <= p[axis] <= max(a[axis], b[axis]) + slack for axis in (0, 1))


def _segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    if _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0:
        return True
    return _on_segment(a, b, c) or _on_segment(a, b, d) or _on_segment(c, d, a) or _on_segment(c, d, b)


def _crosses_itself(points: tuple[Point, ...]) -> bool:
    edges = list(_edges(points))
    for (i, (a, b)), (j, (c, d)) in itertools.combinations(enumerate(edges), 2):
        adjacent = j == i + 1 or (i == 0 and j == len(edges) - 1)
        if adjacent:
            shared, before, after = (b, a, d) if j == i + 1 else (a, b, c)
            if _on_segment(shared, before, after) or _on_segment(shared, after, before):
                return True  # an edge that folds back over its neighbour
        elif _segments_meet(a, b, c, d):
            return True
    return False
