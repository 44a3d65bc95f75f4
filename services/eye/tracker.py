"""What follows objects from frame to frame: the contract, and how one is chosen. One tracker per camera."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.eye.trackers import CATALOGUE
from shared.domain.detection import Detection, Track
from shared.plugin import load_class
from shared.settings.section import parse_section


class Tracker(Protocol):
    """Gives the same object the same number over frames. Pure computation, owned by one thread."""

    def update(
        self,
        detections: Sequence[Detection],
        *,
        ts: float,
        image: NDArray[np.uint8] | None = None,
        frame_size: tuple[int, int] | None = None,
    ) -> list[Track]:
        """One frame's detections → every track alive after it, seen or only predicted.

        `ts` is the capture time in seconds; frames may be any time apart. `image` is the frame, BGR and of
        any scale, for appearance; without it tracks are told apart by place and size alone. The boxes are
        in pixels of `frame_size` (width, height), by default the image's own size.
        """
        ...

    def reset(self) -> None:
        """Forget every track (the camera was away); numbers are not given out again."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Its state as JSON values, small enough to be saved after every frame."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Carry on from a `snapshot`, in another process too. Raises `ValueError` on one it cannot read."""
        ...


def load_tracker(name: str = "bytetrack", *, settings: Mapping[str, Any] | None = None) -> Tracker:
    """A tracker for one camera. Raises `UserError` on an unknown name or setting."""
    plugin = load_class("tracker", name, catalogue=CATALOGUE)
    parsed = parse_section(plugin.settings_type, settings or {}, path=f"eye.trackers.{name}")
    tracker: Tracker = plugin(settings=parsed)
    return tracker
