"""One read per plate out of what several pictures show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.modules.specialists.lpr.grammar import Expected, Fit, best_fit
from services.modules.specialists.lpr.sighting import Sighting
from services.modules.specialists.lpr.voting import Vote, alike, consensus
from shared.domain.box import Box

_SAME_PLATE = 0.55
_MARGIN = 0.2
_CONTESTED = 0.6
_AGREED = 0.5


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate that was read: `box` is where it was read best, in pixels of picture number `picture`."""

    fit: Fit
    box: Box
    picture: int


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    picture: int
    sighting: Sighting

    @property
    def weight(self) -> float:
        return max(0.05, self.sighting.fit.confidence) ** 2


def gather(pictures: Sequence[Sequence[Sighting]], expected: Expected) -> list[Plate]:
    """Sightings per picture → plates, the surest first.

    Sightings of different pictures that read alike are one plate, those of one picture never are. What a plate reads
    is voted on place by place; it has to win by a margin over the next text, or is little sure.
    """
    groups: list[list[_Seen]] = []
    seen = [_Seen(number, one) for number, sightings in enumerate(pictures) for one in sightings]
    for one in sorted(seen, key=lambda one: (-one.weight, one.sighting.fit.text, one.picture)):
        group = max((group for group in groups if _joins(one, group)), key=lambda g: _likeness(one, g), default=None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    plates = [_plate(group, expected) for group in groups]
    return sorted(plates, key=lambda plate: (-plate.fit.confidence, plate.fit.text))


def _likeness(one: _Seen, group: Sequence[_Seen]) -> float:
    return alike(group[0].sighting.reading, one.sighting.reading)


def _joins(one: _Seen, group: Sequence[_Seen]) -> bool:
    return all(one.picture != other.picture for other in group) and _likeness(one, group) >= _SAME_PLATE


def _plate(group: Sequence[_Seen], expected: Expected) -> Plate:
    best = group[0]
    if len(group) == 1:
        return Plate(best.sighting.fit, best.sighting.box, best.picture)
    hints = frozenset().union(*(one.sighting.hints for one in group))
    panel = sum(one.weight for one in group if one.sighting.on_panel) > sum(one.weight for one in group) / 2
    merged = consensus(Vote(one.sighting.reading, one.weight) for one in group)
    fit = best_fit(merged, replace(expected, hints=hints, on_panel=panel)) or best.sighting.fit
    return Plate(replace(fit, confidence=_voted(fit, group)), best.sighting.box, best.picture)


def _voted(fit: Fit, group: Sequence[_Seen]) -> float:
    """The confidence of a text that was voted for: more the more pictures say it, little when another is close."""
    total = sum(one.weight for one in group)
    shares: dict[str, float] = {}
    for one in group:
        text = one.sighting.fit.text
        shares[text] = shares.get(text, 0.0) + one.weight / total
    own = shares.pop(fit.text, 0.0)
    if own - max(shares.values(), default=0.0) < _MARGIN:
        return fit.confidence * _CONTESTED
    confidence = fit.confidence
    for one in [one for one in group if one.sighting.fit.text == fit.text][1:]:
        confidence += (1.0 - confidence) * _AGREED * one.sighting.fit.confidence * own
    return min(1.0, confidence)
