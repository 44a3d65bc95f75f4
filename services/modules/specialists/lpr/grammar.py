"""Which plate a reading may be: by the shapes of its region, correcting only what a shape proves wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from services.modules.specialists.lpr.confusion import MEANT
from services.modules.specialists.lpr.pattern import Pattern
from services.modules.specialists.lpr.reading import Glyph, Reading
from services.modules.specialists.lpr.regions import REGIONS, Region, shapes_of

_IMPOSSIBLE = 0.02
_MOST_CORRECTIONS = 2
_CORRECTED = 0.85
_DOUBTFUL = 0.6
_SURELY_ONE = 0.02
_ELSEWHERE = 0.4
_GENERIC = 0.25
_LATER = 0.997
_GAP_FITS, _GAP_STRAY = 1.3, 0.6
_HINTED = 2.0


@dataclass(frozen=True, slots=True)
class Correction:
    """`read` at `place` was taken for `meant`."""

    place: int
    read: str
    meant: str


@dataclass(frozen=True, slots=True)
class Fit:
    """A plate that a reading may be.

    `text` is compact, `written` as it stands on the plate. `dropped` holds the places of the reading that were no
    characters (an emblem, a screw, the frame); `score` orders the fits of one reading, `confidence` 0..1 is how sure
    the text is.
    """

    text: str
    written: str
    region: str
    score: float
    confidence: float
    corrections: tuple[Correction, ...] = ()
    dropped: tuple[int, ...] = ()


def best_fit(
    reading: Reading, *, countries: Sequence[str] = (), hints: frozenset[str] = frozenset(), may_drop: bool = True
) -> Fit | None:
    """The plate that a reading is most likely, or None when it is none.

    `countries` (such as "FR", "US") are those to expect, the likeliest first; `hints` are those that something else in
    the picture speaks for. With `may_drop`, one place that may well be no character at all can be left out, never
    one that was read clearly.
    """
    fits = list(_fits(reading, tuple(countries), hints, dropped=()))
    if may_drop:
        for place, glyph in enumerate(reading.glyphs):
            if _may_be_nothing(glyph):
                fits += _fits(_without(reading, place), tuple(countries), hints, dropped=(place,), nothing=_nothing(glyph))
    return max(fits, key=lambda fit: (fit.score, fit.text, fit.region), default=None)


def _fits(
    reading: Reading, countries: tuple[str, ...], hints: frozenset[str], *, dropped: tuple[int, ...], nothing: float = 1.0
) -> Iterator[Fit]:
    for region, pattern, prior in _candidates(len(reading.glyphs), countries):
        if dropped and region.generic:
            continue
        if region.code in hints or region.code.split("-")[0] in hints:
            prior *= _HINTED
        fit = _fit(reading, region, pattern, prior=prior * nothing, dropped=dropped)
        if fit is not None:
            yield fit


@cache
def _candidates(length: int, countries: tuple[str, ...]) -> tuple[tuple[Region, Pattern, float], ...]:
    return tuple(
        (region, pattern, _prior(region, order, countries))
        for order, region in enumerate(REGIONS)
        for pattern in shapes_of(region)
        if len(pattern.places) == length
    )


def _prior(region: Region, order: int, countries: tuple[str, ...]) -> float:
    prior = (_GENERIC if region.generic else 1.0) * _LATER**order
    if not countries:
        return prior
    names = {region.code, *region.code.split("-")}
    rank = next((rank for rank, country in enumerate(countries) if country in names), None)
    return prior * (_ELSEWHERE if rank is None else _LATER**rank)


def _fit(reading: Reading, region: Region, pattern: Pattern, *, prior: float, dropped: tuple[int, ...]) -> Fit | None:
    score = prior * _gaps(reading, pattern)
    chars: list[str] = []
    sure: list[float] = []
    corrections: list[Correction] = []
    for place, (glyph, allowed) in enumerate(zip(reading.glyphs, pattern.places, strict=True)):
        char, chance, confidence = _meant(glyph, allowed, correct=not region.generic)
        if chance < _IMPOSSIBLE:
            return None
        if char != glyph.char:
            corrections.append(Correction(place, glyph.char, char))
        score *= chance
        chars.append(char)
        sure.append(confidence)
    text = "".join(chars)
    if len(corrections) > _MOST_CORRECTIONS or not _allowed(text, region, pattern):
        return None
    return Fit(text, pattern.write(text), region.code, score, _confidence(sure), tuple(corrections), dropped)


def _meant(glyph: Glyph, allowed: frozenset[str], *, correct: bool) -> tuple[str, float, float]:
    """The likeliest allowed character of a place: it, its weight against others, and how sure it is."""
    best = ("", 0.0, 0.0)
    for read, chance in glyph.chances.items():
        if read in allowed:
            best = max(best, (read, chance, chance), key=_weight)
        elif correct:
            for meant, share in MEANT.get(read, {}).items():
                if meant in allowed:
                    best = max(best, (meant, chance * share, chance * _CORRECTED), key=_weight)
    return best


def _weight(choice: tuple[str, float, float]) -> tuple[float, str]:
    return choice[1], choice[0]


def _gaps(reading: Reading, pattern: Pattern) -> float:
    if not reading.breaks:
        return 1.0
    if reading.breaks == pattern.breaks:
        return _GAP_FITS
    return 1.0 if reading.breaks < pattern.breaks else _GAP_STRAY


def _allowed(text: str, region: Region, pattern: Pattern) -> bool:
    if pattern.prefixes and not any(text.startswith(prefix) for prefix in pattern.prefixes):
        return False
    if not region.generic:
        return True
    digits = [char.isdigit() for char in text]
    changes = sum(a != b for a, b in zip(digits, digits[1:], strict=False))
    return any(digits) and not all(digits) and changes <= 4


def _confidence(sure: Sequence[float]) -> float:
    """Between the mean and the worst of its places: one doubtful character makes the whole plate doubtful."""
    return min(1.0, (sum(sure) / len(sure) + min(sure)) / 2)


def _may_be_nothing(glyph: Glyph) -> bool:
    return glyph.chance < _DOUBTFUL and glyph.absent >= _SURELY_ONE


def _nothing(glyph: Glyph) -> float:
    return min(1.0, 1.0 - glyph.chance + glyph.absent)


def _without(reading: Reading, place: int) -> Reading:
    glyphs = reading.glyphs[:place] + reading.glyphs[place + 1 :]
    breaks = frozenset(number if number <= place else number - 1 for number in reading.breaks)
    return Reading(glyphs, reading.raw, breaks - {0, len(glyphs)})


def correction_cost(fit: Fit, costs: Mapping[str, Mapping[str, float]] = MEANT) -> float:
    """1 for a fit as it was read, less for every character that had to be corrected."""
    cost = 1.0
    for correction in fit.corrections:
        cost *= costs.get(correction.read, {}).get(correction.meant, 1.0)
    return cost
