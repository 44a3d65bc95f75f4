"""Words for several labels at once, as people write them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_VEHICLES: Final = frozenset({"car", "motorcycle", "bus", "truck", "van"})
_ANIMALS: Final = frozenset({"bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"})
_PEOPLE: Final = frozenset({"person"})

LABEL_GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "vehicle": _VEHICLES,
    "vehicles": _VEHICLES,
    "animal": _ANIMALS,
    "animals": _ANIMALS,
    "people": _PEOPLE,
    "persons": _PEOPLE,
    "human": _PEOPLE,
    "pedestrian": _PEOPLE,
}


def meant(words: Iterable[str]) -> frozenset[str]:
    """Every label that the words mean: each word itself, and those of its group. Nothing for no words."""
    found: set[str] = set()
    for word in words:
        small = word.strip().lower()
        found |= {word, small} | LABEL_GROUPS.get(small, frozenset())
    return frozenset(found)
