"""Which pictures of one stay are kept for those who look closer: few, good, and spread over time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.domain.presence import Crop

MOST: Final = 5

_APART_S = 1.0
# A sharper picture taken at once is worth a place of its own only when it is clearly better than all there are.
_CLEARLY_BETTER = 1.3
# What is much worse than the best tells nothing that the best does not.
_LEAST_SHARE = 0.3
# Two pictures closer than this show the same pose; the nearer they are the less the second is worth.
_FULLY_APART_S = 2.0
_WORTH_THE_WRITE = 1.1


def place_for(kept: Sequence[Crop], *, quality: float, at: datetime) -> int | None:
    """The place (0 … `MOST` - 1) that a picture of this quality deserves, or None when it is not worth keeping."""
    if not kept:
        return 0
    best = max(crop.quality for crop in kept)
    since_s = min(abs((at - crop.at).total_seconds()) for crop in kept)
    if quality < best * _CLEARLY_BETTER and (since_s < _APART_S or quality < best * _LEAST_SHARE):
        return None
    if len(kept) < MOST:
        return len(kept)
    worths = [_worth(crop, kept) for crop in kept]
    least = min(range(len(kept)), key=worths.__getitem__)
    mine = quality * min(1.0, since_s / _FULLY_APART_S)
    return least if mine >= worths[least] * _WORTH_THE_WRITE else None


def with_crop(kept: Sequence[Crop], crop: Crop, *, place: int) -> tuple[Crop, ...]:
    """What is kept once the crop stands in its place; places are never moved, as files carry their number."""
    held = list(kept)
    held[place : place + 1] = [crop]
    return tuple(held)


def _worth(crop: Crop, kept: Sequence[Crop]) -> float:
    gap_s = min(abs((crop.at - other.at).total_seconds()) for other in kept if other is not crop)
    return crop.quality * min(1.0, gap_s / _FULLY_APART_S)
