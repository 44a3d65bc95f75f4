"""What a small network trained on landmarks says of a hand, where its weights were pulled (`gesture_keypoints`).

It knows open hands, closed ones and pointing ones only, so it is merely asked whether it objects.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.gesture.signs import Gesture
from shared.vision.hands.hand import Hand
from shared.vision.network import Network, open_network
from shared.weights.condition import Condition
from shared.weights.store import WeightsStore

WEIGHTS: Final = "gesture_keypoints"

_KNOWN: Final[dict[Gesture, int]] = {"open_palm": 0, "fist": 1, "pointing": 2}
_SURE: Final = 0.9


class SecondOpinion:
    """Owned by one thread."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def objects(self, hand: Hand, gesture: Gesture) -> bool:
        """Whether it is sure that an open hand, a fist or a pointing finger is another of the three."""
        if gesture not in _KNOWN:
            return False
        scores = self._network.run(_tensor(hand))[0].reshape(-1)
        best = int(scores.argmax())
        return best != _KNOWN[gesture] and float(scores[best]) >= _SURE

    def close(self) -> None:
        self._network.close()


def open_second_opinion(store: WeightsStore) -> SecondOpinion | None:
    """None where the weights are not here: nothing depends on them."""
    if store.verify(WEIGHTS) is not Condition.OK:
        return None
    network = open_network(store.registry[WEIGHTS], store.weights_path(WEIGHTS), threads=1, outputs=(3,))
    return SecondOpinion(network)


def _tensor(hand: Hand) -> NDArray[np.float32]:
    """[1, 42]: landmarks against the wrist, over the largest of all."""
    flat = (hand.points[:, :2] - hand.points[0, :2]).reshape(1, -1)
    return np.asarray(flat / max(float(np.abs(flat).max()), 1e-9), np.float32)
