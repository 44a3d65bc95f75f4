"""Whose item is whose: each item is at most one person's, each person wears one (or two gloves, two boots)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from services.modules.specialists.ppe.body import PARTS, Body, fit
from services.modules.specialists.ppe.equipment import Meaning
from shared.domain.box import Box
from shared.domain.vocabulary import EQUIPMENT, Equipment


@dataclass(frozen=True, slots=True)
class Sign:
    """A detector's box that says an item is worn, or is not."""

    meaning: Meaning
    confidence: float
    box: Box


def assigned(signs: Sequence[Sign], bodies: Sequence[Body]) -> list[dict[Equipment, list[Sign]]]:
    """For each person the signs that are theirs by item, the surest first; as many fits in all as can be."""
    found: list[dict[Equipment, list[Sign]]] = [{} for _ in bodies]
    for item in EQUIPMENT:
        mine = [sign for sign in signs if sign.meaning.item == item]
        for place, sign in _pairs(item, mine, bodies):
            found[place].setdefault(item, []).append(sign)
    for signs_of in found:
        for held in signs_of.values():
            held.sort(key=lambda sign: (-sign.confidence, sign.box.as_xyxy()))
    return found


def _pairs(item: Equipment, signs: Sequence[Sign], bodies: Sequence[Body]) -> list[tuple[int, Sign]]:
    if not signs or not bodies:
        return []
    capacity = PARTS[item].capacity
    gain = np.array([[fit(item, sign.box, body) * sign.confidence for sign in signs] for body in bodies])
    rows, columns = linear_sum_assignment(-np.repeat(gain, capacity, axis=0))
    return [
        (int(row) // capacity, signs[column])
        for row, column in zip(rows, columns, strict=True)
        if gain[int(row) // capacity, column] > 0
    ]
