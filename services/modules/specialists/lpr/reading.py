"""What a recogniser made of one line of characters: how likely which character is, place by place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN = "?"
"""Stands for a character that no plate has."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One place of a line: the chance of each character, the likeliest first, and of there being none.

    What is missing to 1 is spread over characters too unlikely to be named.
    """

    chances: Mapping[str, float]
    absent: float = 0.0

    @property
    def char(self) -> str:
        return next(iter(self.chances), UNKNOWN)

    @property
    def chance(self) -> float:
        return next(iter(self.chances.values()), 0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """A line of glyphs from left to right.

    `raw` is the line as it was read, with its separators and in its own case; `breaks` holds the numbers of the
    glyphs that a separator stands before.
    """

    glyphs: tuple[Glyph, ...]
    raw: str = ""
    breaks: frozenset[int] = field(default_factory=frozenset)

    @property
    def text(self) -> str:
        """The likeliest characters, capitals and digits only."""
        return "".join(glyph.char for glyph in self.glyphs)

    @property
    def confidence(self) -> float:
        """The mean chance of the likeliest characters, 0 for an empty line."""
        return sum(glyph.chance for glyph in self.glyphs) / len(self.glyphs) if self.glyphs else 0.0


def certain(text: str, *, chance: float = 1.0) -> Reading:
    """A reading of plain text in which every character has the same chance; what is no letter or digit separates."""
    glyphs: list[Glyph] = []
    breaks: set[int] = set()
    for char in text.upper():
        if char.isalnum():
            glyphs.append(Glyph({char: chance}))
        elif glyphs:
            breaks.add(len(glyphs))
    return Reading(tuple(glyphs), text, frozenset(breaks - {len(glyphs)}))


def joined(upper: Reading, lower: Reading) -> Reading:
    """Two lines of one plate as one."""
    start = len(upper.glyphs)
    breaks = upper.breaks | {start} | {start + place for place in lower.breaks}
    return Reading(upper.glyphs + lower.glyphs, f"{upper.raw} {lower.raw}", frozenset(breaks))
