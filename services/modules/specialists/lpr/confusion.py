"""Characters that are taken for one another, and how readily."""

from __future__ import annotations

from collections.abc import Mapping

_TWINS = {
    ("O", "0"): 0.35,
    ("I", "1"): 0.35,
    ("B", "8"): 0.25,
    ("S", "5"): 0.25,
    ("Z", "2"): 0.25,
    ("G", "6"): 0.2,
    ("Q", "0"): 0.15,
    ("D", "0"): 0.12,
    ("T", "7"): 0.08,
    ("A", "4"): 0.08,
    ("L", "1"): 0.06,
    ("U", "0"): 0.03,
}


def _both_ways(twins: Mapping[tuple[str, str], float]) -> dict[str, dict[str, float]]:
    meant: dict[str, dict[str, float]] = {}
    for (letter, digit), chance in twins.items():
        meant.setdefault(letter, {})[digit] = chance
        meant.setdefault(digit, {})[letter] = chance
    return meant


MEANT: Mapping[str, Mapping[str, float]] = _both_ways(_TWINS)
"""For a character that was read, what else may be meant: a digit for a letter and the other way round only.

The chance is that of the other kind when the kind is all that speaks against what was read.
"""

USUAL: Mapping[str, float] = {"I": 0.4, "O": 0.4, "Q": 0.4}
"""How often plates have a letter, against the others (1): most registries leave out what looks like a 1 or a 0."""
