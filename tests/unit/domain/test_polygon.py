"""What counts as inside a zone, and which shapes are refused."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain.polygon import MAX_POINTS, Polygon
from shared.domain.zone import Zone

SQUARE = Polygon(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))

grid_point = st.tuples(st.integers(0, 12), st.integers(0, 12))
Grid = tuple[int, int]


@given(st.lists(grid_point, min_size=3, max_size=9, unique=True), grid_point)
def test_contains_agrees_with_the_winding_number(corners: list[Grid], point: Grid) -> None:
    try:
        polygon = Polygon.of(corners)
    except ValueError:
        assume(False)
    assert polygon.contains((float(point[0]), float(point[1]))) == _reference_contains(corners, point)


@given(st.lists(grid_point, min_size=3, max_size=8, unique=True))
def test_exactly_the_shapes_whose_edges_meet_elsewhere_than_at_their_ends_are_refused(corners: list[Grid]) -> None:
    try:
        Polygon.of(corners)
        accepted = True
    except ValueError:
        accepted = False
    assert accepted == _reference_simple(corners)


@given(
    st.lists(grid_point, min_size=3, max_size=8, unique=True), st.integers(0, 7), st.fractions(0, 1, max_denominator=8)
)
def test_every_point_of_every_edge_is_inside(corners: list[Grid], edge: int, part: Fraction) -> None:
    try:
        polygon = Polygon.of([(x / 12, y / 12) for x, y in corners])
    except ValueError:
        assume(False)
    (x1, y1), (x2, y2) = polygon.points[edge % len(corners)], polygon.points[(edge + 1) % len(corners)]
    share = float(part)
    assert polygon.contains((x1 + (x2 - x1) * share, y1 + (y2 - y1) * share))


@given(st.lists(grid_point, min_size=3, max_size=8, unique=True), grid_point, st.integers(1, 7))
def test_where_the_corners_begin_and_which_way_they_go_changes_nothing(
    corners: list[Grid], point: Grid, turn: int
) -> None:
    try:
        polygon = Polygon.of(corners)
    except ValueError:
        assume(False)
    turned = corners[turn % len(corners) :] + corners[: turn % len(corners)]
    where = (float(point[0]), float(point[1]))
    assert Polygon.of(turned).contains(where) == polygon.contains(where)
    assert Polygon.of(turned[::-1]).contains(where) == polygon.contains(where)
    assert math.isclose(Polygon.of(turned[::-1]).area, polygon.area)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([(0, 0), (1, 1)], "at least 3"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "cross"),
        ([(0, 0), (1, 0), (0, 0), (0, 1)], "differ"),
        ([(0, 0), (1, 1), (2, 2)], "one line"),
        ([(0, 0), (2, 0), (1, 0), (1, 1)], "cross"),
        ([(0, 0), (math.nan, 0), (1, 1)], "finite"),
        ([(0, 0), (math.inf, 0), (1, 1)], "finite"),
        ([(0, 0), (1, 0), (1, 1, 1)], "pair"),
        ([(0, 0), (1, 0), (1,)], "pair"),
        ([(0, 0), (1, 0), None], "pair"),
        ([(0, 0), (1, 0), "12"], "pair"),
        ([(0, 0), (1, 0), ("a", 1)], "pair"),
        ([(0, 0), (1, 0), (10**400, 1)], "pair"),
        ([1, 2, 3], "pair"),
        (None, "pair"),
        ([(x, x * x) for x in range(MAX_POINTS + 1)], "at most 256"),
    ],
)
def test_what_is_no_polygon_is_refused_with_the_reason(points: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Polygon.of(points)


def test_a_polygon_of_the_most_points_is_accepted() -> None:
    points = [
        (math.cos(2 * math.pi * n / MAX_POINTS), math.sin(2 * math.pi * n / MAX_POINTS)) for n in range(MAX_POINTS)
    ]
    assert Polygon.of(points).contains((0.0, 0.0))


def test_scaling_keeps_what_is_inside() -> None:
    scaled = SQUARE.scaled(1920, 1080)
    assert scaled.contains((960, 540))
    assert scaled.contains((1920, 1080))
    assert not scaled.contains((1921, 540))
    assert scaled.area == 1920 * 1080


@pytest.mark.parametrize(
    ("label", "confidence", "sensitivity", "holds"),
    [
        ("person", 0.5, 1.0, True),
        ("cat", 0.99, 1.0, False),
        ("person", 0.5, 0.6, True),
        ("person", 0.3, 0.6, False),
        ("person", 1.0, 0.0, True),
        ("person", 0.99, 0.0, False),
    ],
)
def test_a_zone_looks_at_label_confidence_and_place(
    label: str, confidence: float, sensitivity: float, *, holds: bool
) -> None:
    zone = Zone(name="Door", polygon=SQUARE, labels=frozenset({"person"}), sensitivity=sensitivity)
    assert zone.holds((0.5, 0.5), label, confidence) == holds
    assert not zone.holds((1.5, 0.5), label, confidence)


def test_a_zone_without_labels_takes_every_label() -> None:
    assert Zone(name="Yard", polygon=SQUARE).holds((0.5, 0.5), "giraffe", 0.1)


def _edges(corners: list[Grid]) -> list[tuple[Grid, Grid]]:
    return list(zip(corners, corners[1:] + corners[:1], strict=True))


def _cross(a: Grid, b: Grid, c: Grid) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on(a: Grid, b: Grid, p: Grid) -> bool:
    between = all(min(a[axis], b[axis]) <= p[axis] <= max(a[axis], b[axis]) for axis in (0, 1))
    return _cross(a, b, p) == 0 and between


def _reference_contains(corners: list[Grid], point: Grid) -> bool:
    """The winding number in whole numbers (Sunday, "Inclusion of a Point in a Polygon"); edges are inside."""
    winding = 0
    for a, b in _edges(corners):
        if _on(a, b, point):
            return True
        if a[1] <= point[1] < b[1] and _cross(a, b, point) > 0:
            winding += 1
        elif b[1] <= point[1] < a[1] and _cross(a, b, point) < 0:
            winding -= 1
    return winding != 0


def _reference_simple(corners: list[Grid]) -> bool:
    """Whether edges share nothing but the corners of neighbours, decided with exact points of intersection."""
    edges = _edges(corners)
    for i, first in enumerate(edges):
        for second in edges[i + 1 :]:
            shared = set(first) & set(second)
            if not _meetings(first, second) <= shared:
                return False
    return True


def _meetings(first: tuple[Grid, Grid], second: tuple[Grid, Grid]) -> set[tuple[Any, Any]]:
    (a, b), (c, d) = first, second
    ends = {p for p in first if _on(c, d, p)} | {p for p in second if _on(a, b, p)}
    across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0])
    if across == 0:
        return ends
    along = Fraction((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0]), across)
    back = Fraction((c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0]), across)
    if 0 <= along <= 1 and 0 <= back <= 1:
        ends.add((a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])))
    return ends
