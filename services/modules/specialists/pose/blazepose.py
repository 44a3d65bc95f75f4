"""Keypoints by BlazePose: the layout mediapipe_pose."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.pose.skeleton import Skeleton
from services.modules.specialists.pose.window import Window, window_around
from shared.domain.box import Box
from shared.vision.network import open_network
from shared.weights.entry import Weights

_OUTPUTS: Final = (195, 1)
# Which of its 33 landmarks are ours.
_OURS: Final = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)


class BlazePose:
    """See `Estimator`."""

    def __init__(self, weights: Weights, path: Path, *, threads: int) -> None:
        self._network = open_network(weights, path, threads=threads, outputs=_OUTPUTS)
        self._size = self._network.input_shape[1]

    def look(self, picture: NDArray[np.uint8], box: Box) -> Skeleton:
        upright = self._run(picture, window_around(box))
        if box.width <= box.height:
            return upright
        turned = [self._run(picture, window_around(box, turns=turns)) for turns in (1, 3)]
        return max((upright, *turned), key=lambda skeleton: float(skeleton.scores.mean()))

    def close(self) -> None:
        self._network.close()

    def _run(self, picture: NDArray[np.uint8], window: Window) -> Skeleton:
        crop = window.cut(picture, self._size)[None, :, :, ::-1]
        answer, presence = self._network.run((crop / np.float32(255)).astype(np.float32))[:2]
        values = answer.reshape(-1, 5)[list(_OURS)].astype(np.float64)
        visible = 1 / (1 + np.exp(-np.clip(values[:, 3:5], -60, 60)))
        scores = visible.prod(axis=1) * float(presence.reshape(-1)[0])
        return Skeleton(window.to_picture(values[:, :2] / self._size), scores)
