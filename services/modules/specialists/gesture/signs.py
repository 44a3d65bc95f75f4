"""Gestures of one hand held still, by how its fingers are held."""

from __future__ import annotations

from typing import Literal

from services.modules.specialists.gesture.fingers import Fingers
from shared.domain.vocabulary import HandSign

Gesture = HandSign | Literal["none"]
Part = Literal["open", "tucked", "closed", "other", "unclear"]

_ALL = (True,) * 4
_UPRIGHT_DEG = 40.0
_BESIDE, _CROSSED = 0.1, 0.3
_APART, _NEAR = 0.65, 0.6
_SPREAD_DEG = 12.0
_PINCH = 0.32
_FACING = 0.3


def gesture_of(fingers: Fingers) -> Gesture:
    """The one gesture these fingers make; none when it is not clear."""
    if _is_ok(fingers):
        return "ok"
    if fingers.straight == _ALL:
        return "open_palm" if _thumb_out(fingers) and fingers.facing > -_FACING else "none"
    if fingers.folded == _ALL:
        return _folded(fingers)
    return _counted(fingers)


def part_of_help(fingers: Fingers) -> Part:
    """Which part of the signal for help this is: the palm shown open, the thumb laid into it, fingers folded over it.

    `other` is clearly something else, `unclear` anything on the way.
    """
    if fingers.facing < _FACING:
        return "other" if fingers.facing < -_FACING else "unclear"
    if fingers.straight == _ALL:
        if _thumb_out(fingers):
            return "open"
        return "tucked" if fingers.thumb_across >= _CROSSED else "unclear"
    if fingers.folded == _ALL:
        return "closed" if fingers.thumb_across > _BESIDE and fingers.thumb_apart < _NEAR else "other"
    mixed = any(fingers.straight) and any(fingers.folded)
    return "other" if mixed else "unclear"


def _thumb_out(fingers: Fingers) -> bool:
    return fingers.thumb_straight and fingers.thumb_across < _BESIDE


def _folded(fingers: Fingers) -> Gesture:
    if fingers.thumb_straight and fingers.thumb_apart >= _APART:
        if fingers.thumb_up_deg <= _UPRIGHT_DEG:
            return "thumbs_up"
        return "thumbs_down" if fingers.thumb_up_deg >= 180 - _UPRIGHT_DEG else "none"
    return "fist" if fingers.thumb_apart < _NEAR else "none"


def _counted(fingers: Fingers) -> Gesture:
    index, middle, _, _ = fingers.straight
    if index and fingers.folded == (False, True, True, True):
        return "pointing"
    two = index and middle and fingers.folded == (False, False, True, True)
    thumb_in = fingers.thumb_across > -_CROSSED and not (fingers.thumb_straight and fingers.thumb_across < 0)
    return "victory" if two and thumb_in and fingers.spread_deg >= _SPREAD_DEG else "none"


def _is_ok(fingers: Fingers) -> bool:
    """Thumb and index finger make a ring, the others stand."""
    return fingers.pinch <= _PINCH and not fingers.straight[0] and fingers.straight[1:] == _ALL[1:]
