"""The shape of a hatchback: cross-sections along its length, joined by facets.

Axes are the car's own, in metres: forward, left, up; the middle of the car on the floor is the origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

Corner = tuple[float, float, float]
Colour = tuple[int, int, int]

HALF_WIDTH_M = 0.87
TYRE_M = 0.32
AXLES_M = (-1.30, 1.32)
BELT_M = 0.93
ROOF_HALF_WIDTH_M = 0.60

GLASS: Colour = (74, 66, 58)
PLASTIC: Colour = (48, 48, 50)

LENGTHS = (-2.14, -2.08, -2.0, -1.86, -1.72, -1.58, -1.4, -1.1, -0.8, -0.5, -0.28, -0.18, 0.1, 0.4, 0.6, 0.8,
           1.0, 1.12, 1.3, 1.5, 1.7, 1.88, 2.02, 2.10, 2.14)  # fmt: skip
TOP = ((-2.14, 0.90), (-2.08, 0.98), (-2.0, 1.06), (-1.72, 1.34), (-1.58, 1.42), (-1.1, 1.47), (-0.2, 1.49),
       (0.4, 1.43), (1.12, 1.00), (1.3, 0.965), (1.7, 0.89), (2.02, 0.79), (2.14, 0.68))  # fmt: skip
REAR_GLASS = (-1.99, -1.59)
WINDSCREEN = (0.45, 1.08)
SIDE_GLASS = (-1.58, 0.80)
PILLARS = ((-0.29, -0.17), (-1.20, -1.10))


@dataclass(frozen=True, slots=True)
class Facet:
    """A flat piece; `colour` None is the car's paint. The normal points outwards."""

    corners: tuple[Corner, ...]
    normal: Corner
    colour: Colour | None = None


@cache
def facets() -> tuple[Facet, ...]:
    """The body without wheels."""
    return tuple(_all_facets())


@cache
def details() -> tuple[Facet, ...]:
    """Lamps, bumpers, handles and the gaps of the doors: drawn over the body, near things only."""
    return (*_side_details(), *_end_details())


def _all_facets() -> Iterator[Facet]:
    for rear, front in pairwise(LENGTHS):
        for lower, upper in pairwise(range(9)):
            ring_a, ring_b = _section(rear), _section(front)
            colour = _colour((rear + front) / 2, lower)
            for side in (1, -1):
                corners = tuple(
                    (forward, side * left, up)
                    for forward, (left, up) in (
                        (rear, ring_a[lower]), (front, ring_b[lower]), (front, ring_b[upper]), (rear, ring_a[upper])
                    )
                )  # fmt: skip
                yield _outwards(corners, colour)
    for end in (LENGTHS[0], LENGTHS[-1]):
        ring = _section(end)
        outline = [(end, left, up) for left, up in ring] + [(end, -left, up) for left, up in reversed(ring)]
        yield Facet(tuple(outline), (1.0 if end > 0 else -1.0, 0.0, 0.0))


def _section(forward: float) -> list[tuple[float, float]]:
    """Half a cross-section, from the sill up to the middle of the roof or bonnet: (left, up)."""
    top = float(np.interp(forward, [place for place, _ in TOP], [up for _, up in TOP]))
    width = HALF_WIDTH_M * (1 - 0.13 * (abs(forward) / 2.14) ** 7)
    belt = min(BELT_M, top - 0.035)
    cabin = np.clip((top - belt) / 0.5, 0, 1)
    roof = width * 0.93 + (ROOF_HALF_WIDTH_M - width * 0.93) * float(cabin)
    bottom = 0.21 + 0.08 * (abs(forward) / 2.14) ** 8
    return [
        (width * 0.93, bottom),
        (width, 0.36),
        (width, 0.62),
        (width * 0.985, belt - 0.04),
        (width * 0.95, belt),
        (roof + 0.04 * float(cabin), top - 0.10 * float(cabin) - 0.012),
        (roof - 0.05, top - 0.02),
        (roof * 0.5, top + 0.008),
        (0.0, top + 0.015),
    ]


def _colour(forward: float, row: int) -> Colour | None:
    if row == 0:
        return PLASTIC
    pillar = any(rear < forward < front for rear, front in PILLARS)
    if row == 4 and SIDE_GLASS[0] < forward < SIDE_GLASS[1] and not pillar:
        return GLASS
    behind_glass = REAR_GLASS[0] < forward < REAR_GLASS[1] or WINDSCREEN[0] < forward < WINDSCREEN[1]
    return GLASS if row >= 6 and behind_glass else None


def _outwards(corners: tuple[Corner, ...], colour: Colour | None) -> Facet:
    points = np.array(corners)
    normal = np.cross(points[2] - points[0], points[3] - points[1])
    length = float(np.linalg.norm(normal)) or 1.0
    normal = normal / length
    outwards = points.mean(axis=0) - np.array([points[:, 0].mean() * 0.9, 0, 0.55])
    if float(normal @ outwards) < 0:
        normal = -normal
    return Facet(corners, (float(normal[0]), float(normal[1]), float(normal[2])), colour)


def _side_details() -> Iterator[Facet]:
    for side in (1, -1):
        left = side * (HALF_WIDTH_M + 0.002)
        for forward in (0.86, -0.23, -1.02):
            yield _upright_on_side(left, (forward, forward + 0.018), (0.36, BELT_M - 0.05), (40, 36, 34))
        for forward in (-0.10, -0.92):
            yield _upright_on_side(left, (forward, forward + 0.17), (0.79, 0.82), PLASTIC)
        yield _upright_on_side(left * 1.08, (0.72, 0.90), (0.95, 1.07), PLASTIC)


def _upright_on_side(left: float, forward: tuple[float, float], up: tuple[float, float], colour: Colour) -> Facet:
    (f1, f2), (u1, u2) = forward, up
    corners = ((f1, left, u1), (f2, left, u1), (f2, left, u2), (f1, left, u2))
    return Facet(corners, (0.0, 1.0 if left > 0 else -1.0, 0.0), colour)


def _end_details() -> Iterator[Facet]:
    rear, front = LENGTHS[0] - 0.005, LENGTHS[-1] + 0.005
    yield _upright_on_end(rear, (-0.74, 0.74), (0.26, 0.46), PLASTIC)
    for side in (1, -1):
        yield _upright_on_end(rear, (side * 0.50, side * 0.745), (0.68, 0.86), (36, 30, 168))
        yield _upright_on_end(rear, (side * 0.50, side * 0.60), (0.70, 0.76), (210, 220, 236))
        yield _upright_on_end(front, (side * 0.42, side * 0.72), (0.54, 0.66), (226, 224, 214))
    yield _upright_on_end(front, (-0.38, 0.38), (0.50, 0.62), PLASTIC)
    yield _upright_on_end(front, (-0.70, 0.70), (0.28, 0.42), PLASTIC)


def _upright_on_end(forward: float, left: tuple[float, float], up: tuple[float, float], colour: Colour) -> Facet:
    (l1, l2), (u1, u2) = left, up
    corners = ((forward, l1, u1), (forward, l2, u1), (forward, l2, u2), (forward, l1, u2))
    return Facet(corners, (1.0 if forward > 0 else -1.0, 0.0, 0.0), colour)
