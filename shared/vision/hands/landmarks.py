"""The 21 landmarks of one hand: the network of layout mediapipe_hand."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.vision.hands.hand import Hand
from shared.vision.hands.square import Square
from shared.vision.network import Network

_SIZE: Final = 224
OUTPUTS: Final = (63, 1, 1, 63)

_WRIST, _INDEX, _MIDDLE, _RING = 0, 5, 9, 13
_GROWN: Final = 2.0
_SHIFT: Final = 0.1
# The palm and the first joints: fingertips would let the square jump as fingers move.
_STEADY: Final = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)


class LandmarkNetwork:
    """Owned by one thread."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def look(self, picture: NDArray[np.uint8], square: Square) -> Hand:
        """The hand in a square of a BGR picture; its `confidence` says whether there is one."""
        crop = square.cut(picture, _SIZE)
        tensor = (crop[None, :, :, ::-1] / np.float32(255)).astype(np.float32)
        points, presence, side, shape = self._network.run(tensor)[:4]
        return Hand(
            points=square.to_picture(points.reshape(21, 3), _SIZE),
            shape=square.turned(shape.reshape(21, 3)),
            confidence=_share(presence),
            right=_share(side),
        )

    def close(self) -> None:
        self._network.close()


def square_of(hand: Hand) -> Square:
    """The square around a hand whose landmarks are known: closer than the one a palm gives."""
    points = hand.points[:, :2]
    knuckles = (points[_INDEX] + points[_RING]) / 4 + points[_MIDDLE] / 2
    dx, dy = knuckles - points[_WRIST]
    angle = math.atan2(dx, -dy)
    upright = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    steady = points[list(_STEADY)] @ upright
    low, high = steady.min(axis=0), steady.max(axis=0)
    side = float((high - low).max())
    x, y = upright @ ((low + high) / 2) + side * _SHIFT * np.array([math.sin(angle), -math.cos(angle)])
    return Square(float(x), float(y), side * _GROWN, angle)


def _share(value: NDArray[np.floating]) -> float:
    return float(min(max(float(value.reshape(-1)[0]), 0.0), 1.0))
