"""One line out of several readings of the same plate: place by place, each reading by its weight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.modules.specialists.lpr.reading import Glyph, Reading

_NAMED = 6
_GAP = -0.15
_LIKELY_ABSENT = 0.5


@dataclass(frozen=True, slots=True)
class Vote:
    """A reading and what it counts for (> 0)."""

    reading: Reading
    weight: float


def consensus(votes: Iterable[Vote]) -> Reading:
    """What several readings of one plate say together, whatever their order; empty for none.

    The readings are aligned with the one that agrees best with the rest. A place that most of the weight does not
    have is left out; what only a minority reads in between does not count.
    """
    ordered = sorted((vote for vote in votes if vote.reading.glyphs), key=_key)
    if not ordered:
        return Reading(())
    pivot = max(ordered, key=lambda vote: _support(vote, ordered))
    rows = [(vote, _aligned(pivot.reading.glyphs, vote.reading.glyphs)) for vote in ordered]
    total = sum(vote.weight for vote in ordered)
    merged = [
        _merged([(vote.weight, row[place]) for vote, row in rows], total) for place in range(len(pivot.reading.glyphs))
    ]
    return _reading(merged, pivot.reading)


def similarity(a: Reading, b: Reading) -> float:
    """0..1: how much two readings agree, place by place after alignment, by the longer one."""
    longest = max(len(a.glyphs), len(b.glyphs))
    if not longest:
        return 1.0
    row = _aligned(a.glyphs, b.glyphs)
    return sum(_agreement(x, y) for x, y in zip(a.glyphs, row, strict=True) if y is not None) / longest


def alike(a: Reading, b: Reading) -> float:
    """0..1: the share of places, after alignment and by the longer one, whose likeliest characters are the same."""
    longest = max(len(a.glyphs), len(b.glyphs))
    row = _aligned(a.glyphs, b.glyphs)
    same = sum(y is not None and x.char == y.char for x, y in zip(a.glyphs, row, strict=True))
    return same / longest if longest else 1.0


def _key(vote: Vote) -> tuple[float, str, float, str]:
    return (-vote.weight, vote.reading.text, -vote.reading.confidence, vote.reading.raw)


def _support(vote: Vote, votes: Sequence[Vote]) -> float:
    same_length = sum(other.weight for other in votes if len(other.reading.glyphs) == len(vote.reading.glyphs))
    alike = sum(other.weight * similarity(vote.reading, other.reading) for other in votes)
    return same_length + alike


def _merged(row: Sequence[tuple[float, Glyph | None]], total: float) -> Glyph:
    chances: dict[str, float] = {}
    absent = 0.0
    for weight, glyph in row:
        if glyph is None:
            absent += weight / total
            continue
        absent += glyph.absent * weight / total
        for char, chance in glyph.chances.items():
            chances[char] = chances.get(char, 0.0) + chance * weight / total
    likeliest = sorted(chances.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]
    return Glyph(dict(likeliest), min(1.0, absent))


def _reading(merged: Sequence[Glyph], pivot: Reading) -> Reading:
    kept = [place for place, glyph in enumerate(merged) if glyph.absent < _LIKELY_ABSENT or glyph.chance > glyph.absent]
    breaks = frozenset(number for number, place in enumerate(kept) if place in pivot.breaks)
    return Reading(tuple(merged[place] for place in kept), pivot.raw, breaks - {0})


def _agreement(a: Glyph, b: Glyph) -> float:
    return sum(chance * b.chances.get(char, 0.0) for char, chance in a.chances.items())


def _aligned(pivot: Sequence[Glyph], other: Sequence[Glyph]) -> list[Glyph | None]:
    """For every place of `pivot` the glyph of `other` that stands there, None where it has none (Needleman–Wunsch)."""
    rows, columns = len(pivot) + 1, len(other) + 1
    best = [[_GAP * (row + column) for column in range(columns)] for row in range(rows)]
    for row in range(1, rows):
        for column in range(1, columns):
            match = best[row - 1][column - 1] + _agreement(pivot[row - 1], other[column - 1])
            best[row][column] = max(match, best[row - 1][column] + _GAP, best[row][column - 1] + _GAP)
    return _traced(best, pivot, other)


def _traced(best: list[list[float]], pivot: Sequence[Glyph], other: Sequence[Glyph]) -> list[Glyph | None]:
    row, column = len(pivot), len(other)
    placed: list[Glyph | None] = [None] * row
    while row and column:
        match = best[row - 1][column - 1] + _agreement(pivot[row - 1], other[column - 1])
        if best[row][column] == match:
            row, column = row - 1, column - 1
            placed[row] = other[column]
        elif best[row][column] == best[row - 1][column] + _GAP:
            row -= 1
        else:
            column -= 1
    return placed
