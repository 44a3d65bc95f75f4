"""A jointed hand in front of a camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.vision.hands.hand import Hand

STRAIGHT, HALF, FOLDED = 0.0, 45.0, 85.0

# Knuckles (x to the thumb's side, y to the fingertips) and lengths of the three bones, in palms, of a right hand.
_KNUCKLES = ((0.30, 0.95), (0.05, 1.0), (-0.18, 0.93), (-0.38, 0.80))
_BONES = ((0.45, 0.28, 0.22), (0.50, 0.32, 0.23), (0.46, 0.30, 0.22), (0.36, 0.22, 0.20))
_SPLAY = (10.0, 2.0, -6.0, -14.0)
_THUMB = {
    "beside": ((0.32, 0.22), (0.62, 0.48), (0.86, 0.72), (1.02, 0.92)),
    "up": ((0.30, 0.20), (0.52, 0.50), (0.78, 0.66), (1.02, 0.82)),
    "across": ((0.30, 0.22), (0.42, 0.50), (0.22, 0.66), (-0.08, 0.74)),
    "over": ((0.30, 0.20), (0.45, 0.50), (0.34, 0.78), (0.10, 0.82)),
}


@dataclass(frozen=True)
class Posed:
    """`bent` are the degrees each joint of index, middle, ring and pinky is bent; `thumb` is where the thumb lies:
    beside the palm, stretched up, across the palm, or over the folded fingers.
    """

    bent: tuple[float, float, float, float] = (STRAIGHT,) * 4
    thumb: str = "beside"
    spread: float = 1.0


def shape_of(posed: Posed) -> NDArray[np.float64]:
    """[21, 3] palms of a right hand: x to the thumb's side, y up, z away from the camera, the palm towards it."""
    points = np.zeros((21, 3))
    depth = -0.28 if posed.thumb in ("across", "over") else -0.05
    for joint, (x, y) in enumerate(_THUMB[posed.thumb]):
        points[1 + joint] = (x, y, depth * (joint + 1) / 4)
    for finger, ((x, y), bones) in enumerate(zip(_KNUCKLES, _BONES, strict=True)):
        at = np.array([x, y, 0.0])
        points[5 + 4 * finger] = at
        splay = math.radians(_SPLAY[finger] * posed.spread)
        turn = 0.0
        for bone, length in enumerate(bones):
            turn += math.radians(posed.bent[finger])
            way = np.array([math.sin(splay) * math.cos(turn), math.cos(splay) * math.cos(turn), -math.sin(turn)])
            at = at + length * way
            points[5 + 4 * finger + bone + 1] = at
    return points


def seen(
    posed: Posed,
    *,
    side: str = "right",
    turned_deg: float = 0.0,
    tilted_deg: float = 0.0,
    back: bool = False,
    size: float = 60.0,
    at: tuple[float, float] = (300.0, 300.0),
    noise: float = 0.0,
    seed: int = 1,
) -> Hand:
    """As a camera sees it: the palm (or its back) towards it, turned clockwise, tilted away. `size` px is a palm."""
    shape = shape_of(posed)
    # The thumb of somebody's right hand is to the right in the picture when the palm faces the camera.
    shape[:, 1] *= -1
    if side == "left":
        shape[:, 0] *= -1
    if back:
        shape[:, [0, 2]] *= -1
    tilt = math.radians(tilted_deg)
    shape[:, 1:] = shape[:, 1:] @ np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
    turn = math.radians(turned_deg)
    shape[:, :2] = shape[:, :2] @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    shape = shape + np.random.default_rng(seed).normal(0, noise, shape.shape)
    return Hand(
        points=shape * size + (*at, 0.0),
        shape=shape * 0.09,
        confidence=0.97,
        right={"right": 0.98, "left": 0.02}.get(side, 0.5),
    )


OPEN = Posed()
FOUR = Posed(thumb="across")
HELP_CLOSED = Posed(bent=(FOLDED,) * 4, thumb="across")
FIST = Posed(bent=(FOLDED,) * 4, thumb="over")
THUMB = Posed(bent=(FOLDED,) * 4, thumb="up")
VICTORY = Posed(bent=(STRAIGHT, STRAIGHT, FOLDED, FOLDED), thumb="over", spread=2.0)
POINTING = Posed(bent=(STRAIGHT, FOLDED, FOLDED, FOLDED), thumb="over")
THREE = Posed(bent=(STRAIGHT, STRAIGHT, STRAIGHT, FOLDED), thumb="over")
HORNS = Posed(bent=(STRAIGHT, FOLDED, FOLDED, STRAIGHT), thumb="over")
RELAXED = Posed(bent=(HALF * 0.9,) * 4)
