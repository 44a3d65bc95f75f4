"""Which plate a reading may be: by the shapes of its region, correcting only what a shape proves wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from services.modules.specialists.lpr.alphabet import PROVINCES
from services.modules.specialists.lpr.confusion import MEANT, USUAL
from services.modules.specialists.lpr.pattern import Pattern
from services.modules.specialists.lpr.reading import Glyph, Reading
from services.modules.specialists.lpr.regions import PERSONAL, REGIONS, Region, shapes_of

_IMPOSSIBLE = 0.02
_MOST_CORRECTIONS = 2
_MOST_CHANGES = 4
_SHORT, _SHORTEST = 5, 4
_STILL_SURE = 0.6
_DOUBTFUL = 0.6
_SURELY_ONE = 0.02
_MOSTLY_NOTHING = 0.9
_ELSEWHERE = 0.25
_GENERIC = 0.25
_UNEXPECTED = 0.6
_LATER = 0.997
_GAP_FITS, _GAP_STRAY = 1.3, 0.6
_HINTED = 2.0
_OUTRIGHT = 0.1
_CONTESTED = 0.6
_LONGEST_WORD = 6


@dataclass(frozen=True, slots=True)
class Expected:
    """What plates to expect.

    `countries` (such as "FR", "US"), the likeliest first; `hints` are those that something else in the picture speaks
    for. With `personal`, letters only or digits only may be a plate too. `on_panel` says that this line stands on a
    panel of its own, as plates do.
    """

    countries: tuple[str, ...] = ()
    hints: frozenset[str] = frozenset()
    personal: bool = False
    on_panel: bool = False

    def hinted(self, code: str) -> bool:
        return not self.hints.isdisjoint(_names(code))

    def rank(self, code: str) -> int | None:
        """The place of a region among the countries, None when it is not there."""
        return next((rank for rank, country in enumerate(self.countries) if country in _names(code)), None)


ANYWHERE = Expected()
_DIGITS = re.compile(r"\d+")


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
    the text is. `generic`: no country's shape explains it.
    """

    text: str
    written: str
    region: str
    score: float
    confidence: float
    corrections: tuple[Correction, ...] = ()
    dropped: tuple[int, ...] = ()
    generic: bool = False


def best_fit(reading: Reading, expected: Expected = ANYWHERE, *, may_drop: bool = True) -> Fit | None:
    """The plate that a reading is most likely, or None when it is none.

    With `may_drop`, one place that may well be no character at all can be left out, never one that was read clearly.
    """
    fits = list(_fits(reading, expected))
    for place, glyph in enumerate(reading.glyphs):
        if may_drop and _may_be_nothing(glyph):
            nothing = min(_MOSTLY_NOTHING, 1.0 - _standing(glyph) + glyph.absent)
            fits += [_less(fit, nothing, place) for fit in _fits(_without(reading, place), expected)]
    best = max(fits, key=lambda fit: (fit.score, fit.text, fit.region), default=None)
    if best is not None and _contested(best, fits, reading):
        return replace(best, confidence=best.confidence * _CONTESTED)
    return best


def _contested(best: Fit, fits: Sequence[Fit], reading: Reading) -> bool:
    """Whether a plate without a shape may as well be one of a country's, by characters that were read outright."""
    if not best.generic or best.dropped:
        return False
    others = [fit.text for fit in fits if not fit.generic and not fit.dropped]
    return any(
        all(glyph.chances.get(char, 0.0) >= _OUTRIGHT for glyph, char in zip(reading.glyphs, text, strict=True))
        for text in others
    )


def _fits(reading: Reading, expected: Expected) -> Iterator[Fit]:
    if reading.text.isdigit() or (reading.text.isalpha() and reading.text.isascii()):
        # Letters are not made digits where there is no digit to show that this is a plate, nor the other way round.
        candidates = _candidates(len(reading.glyphs), regions=(PERSONAL,)) if expected.personal else ()
    else:
        candidates = _candidates(len(reading.glyphs))
    for region, pattern, prior in candidates:
        fit = _fit(reading, region, pattern, expected)
        if fit is not None:
            yield replace(fit, score=fit.score * prior)


@cache
def _candidates(length: int, *, regions: Sequence[Region] = REGIONS) -> tuple[tuple[Region, Pattern, float], ...]:
    return tuple(
        (region, pattern, (_GENERIC if region.generic else 1.0) * _LATER**order)
        for order, region in enumerate(regions)
        for pattern in shapes_of(region)
        if len(pattern.places) == length
    )


def _fit(reading: Reading, region: Region, pattern: Pattern, expected: Expected) -> Fit | None:
    score = _gaps(reading, pattern)
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
    likely, trust = _expectation(region, len(text), expected)
    confidence = _confidence(sure) * trust
    written = pattern.write(text)
    return Fit(text, written, region.code, score * likely, confidence, tuple(corrections), generic=region.generic)


def _expectation(region: Region, length: int, expected: Expected) -> tuple[float, float]:
    """How likely the region is, and how far its plates are to be trusted, by what is expected."""
    rank = expected.rank(region.code)
    hinted = expected.hinted(region.code)
    likely = _HINTED if hinted else 1.0
    if expected.countries:
        likely *= _ELSEWHERE if rank is None else _LATER**rank
    # Whatever is short or has no shape at all is a plate only where such plates are expected, or on a panel.
    doubtful = (region.generic or length <= _SHORT) and not (expected.on_panel and length > _SHORTEST)
    # A Chinese plate whose first character was not read looks like many another.
    doubtful |= expected.rank("CN") is not None and region.code != "CN"
    return likely, _UNEXPECTED if doubtful and rank is None and not hinted else 1.0


def _meant(glyph: Glyph, allowed: frozenset[str], *, correct: bool) -> tuple[str, float, float]:
    """The likeliest allowed character of a place: it, its weight against others, and how sure it is.

    All that was read there speaks for it: an O and a 0 read half and half are a sure O where only a letter can stand.
    Between letters that look alike the one that plates have more often is preferred.
    """
    weights: dict[str, float] = {}
    sure: dict[str, float] = {}
    for read, chance in glyph.chances.items():
        twins = {read: 1.0} if read in allowed else MEANT.get(read, {}) if correct else {}
        for meant, share in twins.items():
            if meant in allowed:
                weights[meant] = weights.get(meant, 0.0) + chance * share
                sure[meant] = sure.get(meant, 0.0) + chance * min(1.0, _STILL_SURE + share)
    if not weights:
        return "", 0.0, 0.0
    outright = {read: chance for read, chance in glyph.chances.items() if read in allowed}
    usual = {meant: weights[meant] - outright.get(meant, 0.0) * (1.0 - USUAL.get(meant, 1.0)) for meant in weights}
    char = max(usual, key=lambda meant: (usual[meant], meant))
    return char, weights[char], min(1.0, sure[char] * _preference(char, outright))


def _preference(char: str, outright: Mapping[str, float]) -> float:
    """How many times surer a character is by how often plates have it and the others that were read outright."""
    if char not in outright:
        return 1.0
    usual = {read: chance * USUAL.get(read, 1.0) for read, chance in outright.items()}
    return usual[char] / sum(usual.values()) * sum(outright.values()) / outright[char]


def _gaps(reading: Reading, pattern: Pattern) -> float:
    if not reading.breaks:
        return 1.0
    if reading.breaks == pattern.breaks:
        return _GAP_FITS
    return 1.0 if reading.breaks < pattern.breaks else _GAP_STRAY


def _allowed(text: str, region: Region, pattern: Pattern) -> bool:
    if pattern.prefixes is not None and not any(text.startswith(prefix) for prefix in pattern.prefixes):
        return False
    if not region.generic or region is PERSONAL:
        return True
    if max(len(word) for word in _DIGITS.split(text)) > _LONGEST_WORD:
        return False
    digits = [char.isdigit() for char in text]
    return sum(a != b for a, b in pairwise(digits)) <= _MOST_CHANGES


def _confidence(sure: Sequence[float]) -> float:
    """Between the mean and the worst of its places: one doubtful character makes the whole plate doubtful."""
    return min(1.0, (sum(sure) / len(sure) + min(sure)) / 2)


def _may_be_nothing(glyph: Glyph) -> bool:
    return _standing(glyph) < _DOUBTFUL and glyph.absent >= _SURELY_ONE


def _standing(glyph: Glyph) -> float:
    """How sure it is that the likeliest character stands there, or one that looks like it.

    All provinces of China count as one: whichever it is, it is there.
    """
    alike = PROVINCES if glyph.char in PROVINCES else MEANT.get(glyph.char, {})
    return sum(chance for char, chance in glyph.chances.items() if char == glyph.char or char in alike)


def _without(reading: Reading, place: int) -> Reading:
    glyphs = reading.glyphs[:place] + reading.glyphs[place + 1 :]
    breaks = frozenset(number if number <= place else number - 1 for number in reading.breaks)
    return Reading(glyphs, reading.raw, breaks - {0, len(glyphs)})


def _less(fit: Fit, nothing: float, place: int) -> Fit:
    return replace(fit, score=fit.score * nothing, confidence=fit.confidence * nothing, dropped=(place,))


@cache
def _names(code: str) -> frozenset[str]:
    return frozenset({code, *code.split("-")})
