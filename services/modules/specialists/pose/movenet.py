"""Keypoints by MoveNet: the layout movenet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.pose.skeleton import NAMES, Skeleton
from services.modules.specialists.pose.window import Window, window_around
from shared.domain.box import Box
from shared.vision.network import open_network
from shared.weights.entry import Weights

_OUTPUTS: Final = (len(NAMES) * 3,)
# Who is wider than high may lie: MoveNet knows lying people better when they are turned upright.
_WIDE: Final = 1.0


class MoveNet:
    """See `Estimator`."""

    def __init__(self, weights: Weights, path: Path, *, threads: int) -> None:
        self._network = open_network(weights, path, threads=threads, outputs=_OUTPUTS)
        self._size = self._network.input_shape[1]

    def look(self, picture: NDArray[np.uint8], box: Box) -> Skeleton:
        found = self._run(picture, window_around(box))
        if box.width <= _WIDE * box.height:
            return found
        turned = [self._run(picture, window_around(box, turns=turns)) for turns in (1, 3)]
        return max((found, *turned), key=lambda skeleton: float(skeleton.scores.mean()))

    def close(self) -> None:
        self._network.close()

    def _run(self, picture: NDArray[np.uint8], window: Window) -> Skeleton:
        crop = window.cut(picture, self._size)[None, :, :, ::-1]
        answer = self._network.run(np.ascontiguousarray(crop, self._network.input_type))[0]
        values = answer.reshape(len(NAMES), 3).astype(np.float64)
        return Skeleton(window.to_picture(values[:, 1::-1]), values[:, 2])
