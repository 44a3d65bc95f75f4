"""The shape of a plate: which kinds of characters follow each other, and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from services.modules.specialists.lpr.alphabet import DIGITS, ENDINGS, LETTERS, PROVINCES

_ITEM = re.compile(
    r"'(?P<exact>[^']+)'|\[(?P<any>[A-Z0-9]+)\]|(?P<kind>[LDXPE])(?:\{(?P<low>\d)(?:,(?P<high>\d))?\})?|(?P<gap>[ \-·])"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """`places` holds the characters allowed at each place, `gaps` the separator written before a place (else "").

    `prefixes` are what a text may begin with, None when that is all the same.
    """

    places: tuple[frozenset[str], ...]
    gaps: tuple[str, ...]
    prefixes: frozenset[str] | None = None

    def write(self, text: str) -> str:
        """The text, as long as the pattern, as it is written on a plate."""
        return "".join(gap + char for gap, char in zip(self.gaps, text, strict=True))

    @property
    def breaks(self) -> frozenset[int]:
        return frozenset(place for place, gap in enumerate(self.gaps) if gap)


def patterns(shape: str, *, letters: str = LETTERS, prefixes: tuple[str, ...] = ()) -> tuple[Pattern, ...]:
    """All patterns of a shape such as `LL-DDD-LL`, `L{1,3}-L{1,2} D{1,4}` or `'RB' DDDD`.

    L is one of `letters`, D a digit, X either, P a Chinese province, E a Chinese ending, [AB] one of those; quotes
    hold exact characters, {n} and {n,m} repeat the letter before, and blank, - and · are written but not read. With
    `prefixes`, what the plate begins with (up to its first separator) is one of them.
    Raises `ValueError` for anything else.
    """
    kinds = {"L": letters, "D": DIGITS, "X": letters + DIGITS, "P": PROVINCES, "E": ENDINGS}
    choices: list[list[list[frozenset[str] | str]]] = []
    end = 0
    for item in _ITEM.finditer(shape):
        if item.start() != end:
            break
        end = item.end()
        choices.append(_choices(item, kinds))
    if end != len(shape) or not shape:
        raise ValueError(f"{shape!r} is no shape of a plate from character {end + 1} on")
    return tuple(_pattern([part for parts in chosen for part in parts], prefixes) for chosen in product(*choices))


def _choices(item: re.Match[str], kinds: dict[str, str]) -> list[list[frozenset[str] | str]]:
    if item["gap"]:
        return [[item["gap"]]]
    if item["any"]:
        return [[frozenset(item["any"])]]
    if item["exact"]:
        return [[frozenset(char) for char in item["exact"]]]
    low = int(item["low"] or 1)
    high = int(item["high"] or low)
    return [[frozenset(kinds[item["kind"]])] * times for times in range(low, high + 1)]


def _pattern(parts: list[frozenset[str] | str], prefixes: tuple[str, ...]) -> Pattern:
    places: list[frozenset[str]] = []
    gaps: list[str] = []
    gap = ""
    for part in parts:
        if isinstance(part, str):
            gap = part
        else:
            places.append(part)
            gaps.append(gap if len(places) > 1 else "")
            gap = ""
    first = next((place for place, written in enumerate(gaps) if written), len(places))
    fitting = frozenset(prefix for prefix in prefixes if len(prefix) == first)
    return Pattern(tuple(places), tuple(gaps), fitting if prefixes else None)
