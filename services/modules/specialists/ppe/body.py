"""Where on a person's box an item is worn, and whether that part is to be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.box import Box
from shared.domain.vocabulary import Equipment

_EDGE_PX = 3.0
_BEYOND = 0.15
_COVERED = 0.4
_CUT = 1.7
_UPRIGHT = 0.8


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the body: from `top` to `bottom` of a standing person's height, and how many items it holds.

    `smallest` and `largest` bound an item's height as shares of the person's.
    """

    top: float
    bottom: float
    smallest: float
    largest: float
    capacity: int = 1
    aside: float = _BEYOND


PARTS: Final[Mapping[Equipment, Part]] = {
    "helmet": Part(-0.06, 0.24, 0.03, 0.3),
    "ear_protection": Part(-0.02, 0.26, 0.01, 0.2, 2),
    "goggles": Part(-0.02, 0.26, 0.01, 0.18),
    "mask": Part(0.0, 0.28, 0.015, 0.22),
    "vest": Part(0.1, 0.75, 0.12, 0.8),
    "harness": Part(0.1, 0.75, 0.12, 0.8),
    "suit": Part(0.0, 1.0, 0.3, 1.15),
    "gloves": Part(0.1, 0.95, 0.015, 0.25, 2, 0.3),
    "boots": Part(0.75, 1.08, 0.02, 0.3, 2),
}


@dataclass(frozen=True, slots=True)
class Body:
    """A person's box in a picture of `width` × `height` pixels, and the boxes of the others there."""

    box: Box
    width: int
    height: int
    others: tuple[Box, ...] = ()

    @property
    def cut_below(self) -> bool:
        """The picture ends before the person does: what is seen is the upper part, larger in its box."""
        return self.box.y2 >= self.height - _EDGE_PX

    @property
    def cut_above(self) -> bool:
        return self.box.y1 <= _EDGE_PX

    @property
    def upright(self) -> bool:
        """Somebody who stands or sits, and not a face that fills the picture, a crowd in one box or somebody lying."""
        return self.box.width <= _UPRIGHT * self.box.height

    def holds(self, box: Box) -> bool:
        """Whether the middle of a box lies in the person's."""
        x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
        return self.box.x1 <= x <= self.box.x2 and self.box.y1 - 0.05 * self.box.height <= y <= self.box.y2

    def region(self, item: Equipment) -> Box:
        """Where the middle of an item lies when this person wears it."""
        part, box = PARTS[item], self.box
        stretch = _CUT if self.cut_below else 1.0
        aside = part.aside * box.width
        return Box(
            box.x1 - aside,
            box.y1 + part.top * box.height,
            box.x2 + aside,
            box.y1 + min(part.bottom * stretch, 1.08) * box.height,
        )

    def shows(self, item: Equipment) -> bool:
        """Whether the part of the body for an item is in the picture, and nobody stands before it."""
        part = PARTS[item]
        if self.cut_above and part.top < 0.1:
            return False
        if self.cut_below and part.bottom > 0.8:
            return False
        region = self.region(item).clipped(self.width, self.height)
        return not any(_covers(other, self.box, region) for other in self.others)


def fit(item: Equipment, found: Box, body: Body) -> float:
    """0..1: how well an item's box sits where this person would wear it; 0 when it cannot be theirs."""
    part, region, box = PARTS[item], body.region(item), body.box
    x, y = (found.x1 + found.x2) / 2, (found.y1 + found.y2) / 2
    if not (region.x1 <= x <= region.x2 and region.y1 <= y <= region.y2) or box.height <= 0 or box.width <= 0:
        return 0.0
    share = found.height / box.height
    largest = part.largest * (_CUT if body.cut_below else 1.0)
    if not part.smallest <= share <= largest or found.width > 1.5 * box.width:
        return 0.0
    from_middle = abs(x - (box.x1 + box.x2) / 2) / (box.width / 2)
    inside = _intersection(found, Box(region.x1, box.y1 - 0.1 * box.height, region.x2, box.y2)) / found.area
    sideways = 1.0 if part.capacity > 1 else 1 - 0.5 * min(from_middle, 1.0) ** 2
    return inside * sideways


def _covers(other: Box, own: Box, region: Box) -> bool:
    """Whoever's feet are lower stands nearer, before the others."""
    return other.y2 > own.y2 and region.area > 0 and _intersection(other, region) > _COVERED * region.area


def _intersection(a: Box, b: Box) -> float:
    return Box(max(a.x1, b.x1), max(a.y1, b.y1), min(a.x2, b.x2), min(a.y2, b.y2)).area


def bodies(persons: Sequence[Box], *, width: int, height: int) -> list[Body]:
    """Everybody on a picture, each with the others."""
    return [
        Body(box, width, height, tuple(other for place, other in enumerate(persons) if place != own))
        for own, box in enumerate(persons)
    ]
