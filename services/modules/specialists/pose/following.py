"""Which of the boxes of one picture is whom of the pictures before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from shared.domain.box import Box

_FARTHEST: Final = 0.9
_SIZES: Final = 3.0
_AWAY_S: Final = 2.0
_NEVER: Final = 1e6


@dataclass(slots=True)
class Followed:
    """One person's boxes, each with the number of its picture, and when the last one was seen."""

    boxes: list[tuple[int, Box]] = field(default_factory=list)
    last_s: float = 0.0


def follow(pictures: Sequence[tuple[float, Sequence[Box]]]) -> list[Followed]:
    """(seconds, boxes) of each picture, oldest first → the persons, in the order of their first appearance.

    The assignment of least movement in all; who was away too long comes back as somebody new.
    """
    persons: list[Followed] = []
    for number, (at_s, boxes) in enumerate(pictures):
        recent = [person for person in persons if at_s - person.last_s <= _AWAY_S]
        taken = _matched([person.boxes[-1][1] for person in recent], boxes)
        for place, box in enumerate(boxes):
            if place in taken:
                person = recent[taken[place]]
            else:
                person = Followed()
                persons.append(person)
            person.boxes.append((number, box))
            person.last_s = at_s
    return persons


def _matched(known: Sequence[Box], boxes: Sequence[Box]) -> dict[int, int]:
    """Box number → number of the known one."""
    if not known or not boxes:
        return {}
    costs = np.array([[_distance(box, other) for other in known] for box in boxes])
    rows, columns = linear_sum_assignment(np.minimum(costs, _NEVER))
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if costs[r, c] <= _FARTHEST}


def _distance(a: Box, b: Box) -> float:
    """How far the middles lie apart in sides of the larger box; never for boxes of very different size."""
    size_a, size_b = max(a.width, a.height, 1.0), max(b.width, b.height, 1.0)
    if not 1 / _SIZES <= size_a / size_b <= _SIZES:
        return _NEVER
    apart = math.hypot(a.x1 + a.x2 - b.x1 - b.x2, a.y1 + a.y2 - b.y1 - b.y2) / 2
    return apart / max(size_a, size_b)
