"""How the fingers of a hand are held, in numbers that know nothing of its size and turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.vision.hands.hand import Hand

_WRIST = 0
_THUMB = (1, 2, 3, 4)
_FINGERS: Final = ((5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
_INDEX_KNUCKLE, _MIDDLE_KNUCKLE, _PINKY_KNUCKLE = 5, 9, 17

# Straight is the way from knuckle to tip over the length of the finger; reach that from the wrist over the knuckle's.
_STRAIGHT, _STRAIGHT_REACH = 0.91, 1.5
_FOLDED, _FOLDED_REACH, _BACK_REACH = 0.75, 1.25, 0.95
_THUMB_STRAIGHT = 0.88


@dataclass(frozen=True, slots=True)
class Fingers:
    """`straight` and `folded` of index, middle, ring and pinky; a finger can be neither.

    Lengths are in palms (wrist to middle knuckle). `thumb_across` is how far the thumb's tip lies across the palm: 0 at
    the index finger's knuckle, 1 at the pinky's, negative beside the hand. `thumb_apart` is how far it is from the
    other fingers' knuckles and joints, `pinch` from the index finger's tip. `spread_deg` is the angle between index and
    middle finger. `thumb_up_deg` is the thumb's direction in the picture against straight up. `facing` is 1 with the
    palm towards the camera, -1 with the back, about 0 from the side or when the hand's side is unknown.
    """

    straight: tuple[bool, bool, bool, bool]
    folded: tuple[bool, bool, bool, bool]
    thumb_straight: bool
    thumb_across: float
    thumb_apart: float
    pinch: float
    spread_deg: float
    thumb_up_deg: float
    facing: float


def fingers_of(hand: Hand) -> Fingers | None:
    """None for landmarks that make no hand (all in one place)."""
    shape = hand.shape
    palm = _length(shape[_MIDDLE_KNUCKLE] - shape[_WRIST])
    across = shape[_PINKY_KNUCKLE] - shape[_INDEX_KNUCKLE]
    if palm < 1e-6 or _length(across) < 0.05 * palm:
        return None
    tip = shape[_THUMB[-1]]
    others = shape[[5, 6, 7, 9, 10, 11]]
    thumb = hand.points[4, :2] - hand.points[2, :2]
    return Fingers(
        straight=_four(_is_straight(shape, finger) for finger in _FINGERS),
        folded=_four(_is_folded(shape, finger) for finger in _FINGERS),
        thumb_straight=_straightness(shape, _THUMB) >= _THUMB_STRAIGHT,
        thumb_across=float((tip - shape[_INDEX_KNUCKLE]) @ across / (across @ across)),
        thumb_apart=float(np.linalg.norm(others - tip, axis=1).min()) / palm,
        pinch=_length(tip - shape[8]) / palm,
        spread_deg=_angle(shape[8] - shape[5], shape[12] - shape[9]),
        thumb_up_deg=float(np.degrees(np.arctan2(abs(thumb[0]), -thumb[1]))),
        facing=_facing(hand),
    )


def _four(values: Iterable[bool]) -> tuple[bool, bool, bool, bool]:
    index, middle, ring, pinky = values
    return (index, middle, ring, pinky)


def _is_straight(shape: NDArray[np.float64], finger: tuple[int, ...]) -> bool:
    return _straightness(shape, finger) >= _STRAIGHT and _reach(shape, finger) >= _STRAIGHT_REACH


def _is_folded(shape: NDArray[np.float64], finger: tuple[int, ...]) -> bool:
    reach = _reach(shape, finger)
    return reach <= _BACK_REACH or (_straightness(shape, finger) <= _FOLDED and reach <= _FOLDED_REACH)


def _straightness(shape: NDArray[np.float64], finger: tuple[int, ...]) -> float:
    joints = shape[list(finger)]
    length = float(np.linalg.norm(np.diff(joints, axis=0), axis=1).sum())
    return _length(joints[-1] - joints[0]) / length if length > 0 else 0.0


def _reach(shape: NDArray[np.float64], finger: tuple[int, ...]) -> float:
    knuckle = _length(shape[finger[0]] - shape[_WRIST])
    return _length(shape[finger[-1]] - shape[_WRIST]) / knuckle if knuckle > 0 else 0.0


def _facing(hand: Hand) -> float:
    """By which way round the knuckles lie, which is the other way on the other hand."""
    if hand.handedness == "unknown":
        return 0.0
    index, pinky = (hand.points[i, :2] - hand.points[_WRIST, :2] for i in (_INDEX_KNUCKLE, _PINKY_KNUCKLE))
    turn = float(index[0] * pinky[1] - index[1] * pinky[0]) / max(_length(index) * _length(pinky), 1e-9)
    # The palm is about half a right angle wide at the wrist: 0.5 is as flat to the camera as it gets.
    flat = float(np.clip(2 * turn, -1, 1))
    return -flat if hand.handedness == "right" else flat


def _length(vector: NDArray[np.float64]) -> float:
    return float(np.sqrt(vector @ vector))


def _angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    lengths = _length(a) * _length(b)
    return float(np.degrees(np.arccos(np.clip(a @ b / lengths, -1, 1)))) if lengths > 0 else 0.0
