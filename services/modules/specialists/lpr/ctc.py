"""From what a CTC recogniser answers to the places of a line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.lpr.alphabet import SYMBOLS
from services.modules.specialists.lpr.reading import UNKNOWN, Glyph, Reading

_BLANK, _SEPARATOR, _UNKNOWN = 0, 1, 2
_NAMED = 6
_UNLIKELY = 1e-3


def decode(folded: NDArray[np.float32], *, raw: str) -> Reading:
    """Chances [time, 3 + symbols] (see `Folding`) → the places of the line.

    A place is a run of one likeliest symbol; its chances are those of the moment it is likeliest at.
    """
    glyphs: list[Glyph] = []
    breaks: set[int] = set()
    for kind, rows in _runs(folded):
        if kind == _SEPARATOR:
            breaks.add(len(glyphs))
        elif kind != _BLANK:
            glyphs.append(_glyph(rows[int(np.argmax(rows[:, kind]))]))
    return Reading(tuple(glyphs), raw, frozenset(breaks - {0, len(glyphs)}))


def _runs(folded: NDArray[np.float32]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    best = folded.argmax(axis=1)
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    for start, end in pairwise(edges):
        if end > start:
            yield int(best[start]), folded[start:end]


def _glyph(row: NDArray[np.float32]) -> Glyph:
    order = np.argsort(-row[_UNKNOWN:], kind="stable")[:_NAMED]
    chances = {
        UNKNOWN if number == 0 else SYMBOLS[number - 1]: float(row[_UNKNOWN + number])
        for number in order.tolist()
        if row[_UNKNOWN + number] >= _UNLIKELY
    }
    return Glyph(chances, absent=float(row[_BLANK] + row[_SEPARATOR]))
