"""From the look of paint to the names of colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from services.modules.specialists.vehicle.paint import Paint
from shared.domain.vocabulary import VEHICLE_COLOURS

_SHARE, _SHARE_STEP = 0.42, 0.06
_BLACK, _GREY, _SILVER = 28.0, 46.0, 73.0
_STEP, _STEP_PER_SPREAD = 3.5, 0.3
_HUE_STEP = 5.0
# Where one hue ends and the next begins, degrees in CIELAB.
_HUES: Final = ((42.0, "red"), (70.0, "orange"), (110.0, "yellow"), (215.0, "green"), (318.0, "blue"), (999.0, "red"))


def named(paint: Paint) -> dict[str, float]:
    """How likely each of `VEHICLE_COLOURS` is; sums to 1. Even for all where no colours are seen."""
    if not paint.seen:
        return dict.fromkeys(VEHICLE_COLOURS, 1 / len(VEHICLE_COLOURS))
    chances = dict.fromkeys(VEHICLE_COLOURS, 0.0)
    hued = _rising(paint.share, _SHARE, _SHARE_STEP) * _strength(paint.lightness, paint.chroma)
    for name, chance in _hues(paint).items():
        chances[name] += hued * chance
    for name, chance in _greys(paint).items():
        chances[name] += (1 - hued) * chance
    return chances


def voted(votes: Sequence[tuple[Mapping[str, float], float]]) -> list[tuple[str, float]]:
    """Several pictures' chances, each with its weight (> 0), as one ranking; the likeliest first, then by name."""
    total = sum(weight for _, weight in votes)
    merged = {name: sum(chances[name] * weight for chances, weight in votes) / total for name in VEHICLE_COLOURS}
    return sorted(merged.items(), key=lambda item: (-item[1], item[0]))


def _strength(lightness: float, chroma: float) -> float:
    """Nearly black paint needs more chroma to be more than a reflection."""
    return _rising(chroma, 10.0 + max(0.0, 24.0 - lightness) * 0.25, 1.2)


def _greys(paint: Paint) -> dict[str, float]:
    step = _STEP + _STEP_PER_SPREAD * paint.spread
    over = [_rising(paint.grey_lightness, limit, step) for limit in (_BLACK, _GREY, _SILVER)]
    return {"black": 1 - over[0], "grey": over[0] - over[1], "silver": over[1] - over[2], "white": over[2]}


def _hues(paint: Paint) -> dict[str, float]:
    chances = dict.fromkeys(("red", "orange", "yellow", "green", "blue"), 0.0)
    before = 0.0
    for end, name in _HUES:
        below = 1 - _rising(paint.hue, end, _HUE_STEP)
        chances[name] += max(0.0, below - before)
        before = below
    return _muted(chances, paint)


def _muted(chances: dict[str, float], paint: Paint) -> dict[str, float]:
    """Orange and yellow with little chroma are called brown or beige, by their lightness."""
    vivid = _rising(paint.chroma, 30.0, 3.0)
    light = _rising(paint.lightness, 40.0, 4.0)
    muted = (chances["orange"] + chances["yellow"]) * (1 - vivid)
    return {
        **chances,
        "orange": chances["orange"] * vivid,
        "yellow": chances["yellow"] * vivid,
        "beige": muted * light,
        "brown": muted * (1 - light),
    }


def _rising(value: float, middle: float, step: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, (value - middle) / step))))
