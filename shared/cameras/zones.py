"""Zones as people write them (pixels) and as they are stored (0..1 of the picture's width and height).

A zone is drawn on a picture of a known size. When that size is not known yet (a camera that has never been
reached), the points are stored relative to a supposed size, and settled once the camera has told its real one:
the pixels that were written stay what they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.domain.errors import InvalidInput, UserError
from shared.domain.polygon import Point, Polygon

MAX_ZONES = 64
MAX_POINTS = 128

_SUPPOSED_SIZES = ((1920, 1080), (3840, 2160), (7680, 4320))


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The picture that zones refer to, in pixels. `known` is False while the camera has not told its own."""

    width: int
    height: int
    known: bool = True


@dataclass(frozen=True, slots=True)
class ZoneSpec:
    """A zone as a client describes it: `points` in pixels of the camera's picture.

    Points that all lie within 0..1 are taken as normalised already. No `labels` means every label.
    """

    name: str
    points: tuple[Point, ...]
    sensitivity: float = 1.0
    labels: tuple[str, ...] = ()
    alert_duration_s: float = 0.0
    notification_enabled: bool = True


def normalised(spec: ZoneSpec, size: PictureSize, *, field: str) -> list[list[float]]:
    """The zone's points as 0..1 of the picture. Raises `UserError` on `field` for what is no polygon inside it."""
    _check_numbers(spec.points, field)
    sx, sy = (1.0, 1.0) if _is_normalised(spec.points) else (1 / size.width, 1 / size.height)
    scaled = [(x * sx, y * sy) for x, y in spec.points]
    for index, (x, y) in enumerate(scaled):
        if not (0 <= x <= 1 and 0 <= y <= 1):
            where = f"the picture of {size.width}x{size.height}"
            raise UserError(f"{field}.{index}", f"lies outside {where}", remedy="use pixels of the camera's resolution")
    try:
        polygon = Polygon.of(scaled)
    except ValueError as error:
        raise UserError(field, str(error)) from None
    return [[x, y] for x, y in polygon.points]


def in_pixels(points: Iterable[Sequence[float]], size: PictureSize) -> list[list[int]]:
    """Stored points as whole pixels of the picture."""
    return [[round(x * size.width), round(y * size.height)] for x, y in points]


def moved(points: Iterable[Sequence[float]], supposed: PictureSize, real: PictureSize) -> list[list[float]]:
    """Points stored for a supposed size, for the real one: the pixels stay, what lies outside is cut at the edge."""
    sx, sy = supposed.width / real.width, supposed.height / real.height
    return [[min(1.0, x * sx), min(1.0, y * sy)] for x, y in points]


def supposed_size(specs: Iterable[ZoneSpec]) -> PictureSize:
    """The smallest usual picture that holds all the points."""
    points = [point for spec in specs for point in spec.points if all(math.isfinite(value) for value in point)]
    width = max((x for x, _ in points), default=0)
    height = max((y for _, y in points), default=0)
    fitting = (size for size in _SUPPOSED_SIZES if width <= size[0] and height <= size[1])
    chosen = next(fitting, _SUPPOSED_SIZES[-1])
    return PictureSize(width=chosen[0], height=chosen[1], known=False)


def are_normalised(specs: Iterable[ZoneSpec]) -> bool:
    """Whether the zones need no picture size: all their points lie within 0..1."""
    return all(_is_normalised(spec.points) for spec in specs)


def problems_of(specs: Sequence[ZoneSpec], size: PictureSize, *, field: str = "zones") -> list[UserError]:
    """Everything wrong with the zones of one camera; nothing when they can be stored."""
    if len(specs) > MAX_ZONES:
        return [UserError(field, f"holds more than {MAX_ZONES} zones", remedy="leave some out")]
    found: list[UserError] = []
    if not size.known and len({_is_normalised(spec.points) for spec in specs}) > 1:
        remedy = "write all in pixels, or all as 0..1"
        found.append(UserError(field, "mixes pixels and fractions while the resolution is not known", remedy=remedy))
    names: set[str] = set()
    for index, spec in enumerate(specs):
        place = f"{field}.{index}"
        found += _problems_of_values(spec, place)
        if spec.name in names:
            found.append(UserError(f"{place}.name", "is used by two zones", remedy="give each its own name"))
        names.add(spec.name)
        try:
            normalised(spec, size, field=f"{place}.points")
        except InvalidInput as error:
            found += error.problems
        except UserError as error:
            found.append(error)
    return found


def _problems_of_values(spec: ZoneSpec, place: str) -> list[UserError]:
    found = []
    if not 1 <= len(spec.name) <= 128:
        found.append(UserError(f"{place}.name", "has no or more than 128 characters"))
    if not 0 <= spec.sensitivity <= 1:
        found.append(UserError(f"{place}.sensitivity", "must be from 0 to 1"))
    if not 0 <= spec.alert_duration_s <= 86_400:
        found.append(UserError(f"{place}.alert_duration_s", "must be from 0 to 86400 seconds"))
    if len(spec.labels) > 128 or not all(1 <= len(label) <= 64 for label in spec.labels):
        found.append(UserError(f"{place}.labels", "must hold at most 128 labels of 1 to 64 characters"))
    return found


def _check_numbers(points: Sequence[Point], field: str) -> None:
    if not 3 <= len(points) <= MAX_POINTS:
        raise UserError(field, f"must hold 3 to {MAX_POINTS} points, got {len(points)}")
    if not all(math.isfinite(value) for point in points for value in point):
        raise UserError(field, "must hold finite numbers")


def _is_normalised(points: Sequence[Point]) -> bool:
    return all(0 <= value <= 1 for point in points for value in point)
