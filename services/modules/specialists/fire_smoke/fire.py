"""Which of the places that could burn do burn."""

from __future__ import annotations

from typing import Final

from services.modules.specialists.fire_smoke.evidence import Evidence, confidence, margin, moved
from services.modules.specialists.fire_smoke.flames import Flame, flames
from services.modules.specialists.fire_smoke.registration import Shot

_CHURN: Final = 0.05
_LIVELY: Final = 0.6
_UNREST: Final = 0.28
_OVER_AMBIENT: Final = 1.8
_HUES: Final = 0.12
_RED: Final = 215.0
_PRESENT: Final = 0.6
_MOST_GRAIN: Final = 0.9
_MOST_FILLED: Final = 0.88
_OVER: Final = 115.0
_GLOW: Final = 0.1
_GLOWING: Final = 0.18
_SUSPECT: Final = 0.55


def burning(shot: Shot, *, demand: float, min_area: float) -> list[Evidence]:
    """Fire in a shot of at least three pictures, and what is suspected to be.

    `demand` scales what is asked (1: normal); `min_area` is the least share of the picture.
    """
    last = len(shot) - 1
    found = []
    for flame in flames(shot):
        exceeds = _exceeds(flame, demand) if flame.area >= min_area else 0.0
        if exceeds >= _SUSPECT:
            box = moved(flame.box, shot.motions[last])
            found.append(Evidence("fire", confidence(exceeds), box, shot.first + last, sure=exceeds >= 1))
    return found


def looks_like_flame(flame: Flame) -> bool:
    """Whether a place has the look of a flame, on whatever single picture."""
    return not flame.over_exposed and flame.hues >= _HUES and flame.red >= _RED and flame.grain <= _MOST_GRAIN


def _exceeds(flame: Flame, demand: float) -> float:
    if flame.filled > _MOST_FILLED or flame.present < _PRESENT or flame.churn.pairs < 2:
        return 0.0
    lively = (flame.churn.lively, _LIVELY)
    if flame.over_exposed:
        glow = margin((flame.warm, _GLOW * demand), (flame.glowing, _GLOWING))
        return min(margin((flame.churn.mean, 1.3 * _CHURN * demand), lively), glow) if flame.over >= _OVER else 0.0
    if flame.red < _RED or flame.grain > _MOST_GRAIN:
        return 0.0
    unrest = (flame.unrest, max(_UNREST * demand, _OVER_AMBIENT * flame.ambient))
    return margin((flame.churn.mean, _CHURN * demand), lively, unrest, (flame.hues, _HUES * demand))
