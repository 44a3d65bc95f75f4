"""What crosses a line, and to which side."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain.line import Line
from shared.domain.path import MAX_POINTS, Extent, extent_of, gone_on
from shared.domain.polygon import Point

# Looking from left to right in a picture, what lies above is on the left.
LEVEL = Line((0.2, 0.5), (0.8, 0.5))


@pytest.mark.parametrize(
    ("path", "sides"),
    [
        ([], []),
        ([(0.5, 0.4)], []),
        ([(0.5, 0.4), (0.5, 0.6)], ["right"]),
        ([(0.5, 0.6), (0.5, 0.4)], ["left"]),
        ([(0.5, 0.0), (0.5, 1.0)], ["right"]),  # far over it between two pictures
        ([(0.5, 0.4), (0.5, 0.5), (0.5, 0.6)], ["right"]),  # one picture right on it
        ([(0.5, 0.4), (0.4, 0.5), (0.6, 0.5), (0.5, 0.6)], ["right"]),  # along it for a while
        ([(0.5, 0.4), (0.5, 0.5), (0.5, 0.4)], []),  # touched, and back
        ([(0.5, 0.5), (0.5, 0.6)], []),  # came into being on it
        ([(0.5, 0.4), (0.5, 0.5)], []),  # still on it
        ([(0.1, 0.4), (0.1, 0.6)], []),  # past its end
        ([(0.9, 0.4), (0.9, 0.6)], []),
        ([(0.2, 0.4), (0.2, 0.6)], ["right"]),  # over its end point
        ([(0.8, 0.4), (0.8, 0.6)], ["right"]),
        ([(0.5, 0.4), (0.9, 0.5), (0.5, 0.6)], []),  # around its end
        ([(0.5, 0.4), (0.5, 0.6), (0.5, 0.4)], ["right", "left"]),
        ([(0.1, 0.4), (0.1, 0.6), (0.5, 0.4)], ["left"]),  # around one way, over it the other
    ],
)
def test_a_path_crosses(path: list[Point], sides: list[str]) -> None:
    assert list(LEVEL.crossings(path)) == sides


def test_the_other_way_round_the_sides_change() -> None:
    path = [(0.5, 0.4), (0.5, 0.6)]
    assert list(Line(LEVEL.end, LEVEL.start).crossings(path)) == ["left"]


@pytest.mark.parametrize("end", [(0.2, 0.5), (0.2, 0.5 + 1e-9), (float("nan"), 0.5), (float("inf"), 0)])
def test_what_is_no_line_is_refused(end: Point) -> None:
    with pytest.raises(ValueError, match="line"):
        Line((0.2, 0.5), end)


def test_a_line_too_short_to_be_computed_with_is_refused() -> None:
    with pytest.raises(ValueError, match="two different points"):
        Line((0.5, 1e-200), (0.5, 0.0))


shares = st.floats(0, 1).map(lambda value: round(value, 4))
points = st.tuples(shares, shares)
paths = st.lists(points, max_size=12)


@given(points, points, paths)
def test_crossings_alternate_unless_an_end_was_gone_around(start: Point, end: Point, path: list[Point]) -> None:
    assume(start != end)
    there = list(Line(start, end).crossings(path))
    back = list(Line(start, end).crossings(path[::-1]))
    turned = {"left": "right", "right": "left"}
    assert back == [turned[side] for side in reversed(there)], "the way back crosses where the way there did"


@given(points, points, st.lists(points, min_size=1, max_size=12))
def test_what_is_out_of_reach_of_a_line_does_not_cross_it(start: Point, end: Point, path: list[Point]) -> None:
    assume(start != end)
    line, extent = Line(start, end), extent_of(tuple(path))
    assert extent is not None
    if line.is_out_of_reach(extent):
        assert list(line.crossings(path)) == []


@pytest.mark.parametrize(
    ("extent", "out"),
    [
        ((0.3, 0.6, 0.5, 0.9), True),  # below it
        ((0.85, 0.1, 0.9, 0.9), True),  # past its end
        ((0.3, 0.4, 0.5, 0.6), False),
        ((0.3, 0.5, 0.5, 0.5), False),  # on it
    ],
)
def test_a_rectangle_is_out_of_reach_beside_a_line_and_past_its_ends(extent: Extent, *, out: bool) -> None:
    assert Line((0.2, 0.5), (0.8, 0.5)).is_out_of_reach(extent) is out


@given(paths)
def test_a_point_between_two_others_changes_nothing(path: list[Point]) -> None:
    halves = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in itertools.pairwise(path)]
    finer = [point for pair in zip(path, halves, strict=False) for point in pair]
    assert list(LEVEL.crossings([*finer, *path[-1:]])) == list(LEVEL.crossings(path))


@given(st.lists(points, min_size=1, max_size=300))
def test_a_path_is_short_and_ends_where_the_object_stands(way: list[Point]) -> None:
    path: tuple[Point, ...] = ()
    for point in way:
        path = gone_on(path, point)
        assert path[-1] == point or abs(path[-1][0] - point[0]) + abs(path[-1][1] - point[1]) < 1e-9
        assert len(path) <= MAX_POINTS
    assert path[0] == way[0] or len(path) == 1


def test_standing_still_makes_no_path() -> None:
    path: tuple[Point, ...] = ()
    for step in range(1000):
        path = gone_on(path, (0.5 + 0.001 * (step % 3), 0.5))
    assert len(path) <= 2


def test_walking_slowly_over_a_line_is_walking_over_it() -> None:
    path: tuple[Point, ...] = ()
    for step in range(400):
        path = gone_on(path, (0.5, 0.4 + 0.0005 * step))
    assert list(LEVEL.crossings(path)) == ["right"]
