"""What finds the keypoints of one person."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.pose.blazepose import BlazePose
from services.modules.specialists.pose.movenet import MoveNet
from services.modules.specialists.pose.skeleton import Skeleton
from shared.domain.box import Box
from shared.domain.errors import UserError
from shared.weights.condition import Condition
from shared.weights.store import WeightsStore

MODELS: Final = ("movenet_lightning", "pose_mediapipe", "pose_landmark_lite")
"""Best first."""

_FIELD = "modules.specialists.pose.model"


class Estimator(Protocol):
    """Owned by one thread."""

    def look(self, picture: NDArray[np.uint8], box: Box) -> Skeleton:
        """The person in a box of a BGR picture, in the picture's pixels; blocks."""
        ...

    def close(self) -> None:
        """Give back what it holds. Calling it again does nothing."""
        ...


def open_estimator(model: str, store: WeightsStore, *, threads: int) -> Estimator:
    """Open the weights called `model`; "auto": the best that are here.

    Raises `UserError` when they are not here, or find no poses.
    """
    name = _best(store) if model == "auto" else model
    weights = store.registry[name]
    kinds: dict[str, type[MoveNet] | type[BlazePose]] = {"movenet": MoveNet, "mediapipe_pose": BlazePose}
    kind = kinds.get(weights.output.layout)
    if kind is None:
        raise UserError(_FIELD, f"{name} finds no keypoints", remedy=f"choose one of layout {' or '.join(kinds)}")
    return kind(weights, store.weights_path(name), threads=threads)


def _best(store: WeightsStore) -> str:
    for name in MODELS:
        if store.verify(name) is Condition.OK:
            return name
    names = " or ".join(repr(name) for name in MODELS)
    raise UserError(
        f"weights {names}", f"none of them is in {store.folder}", remedy=f"run 'argus models pull {MODELS[0]}'"
    )
