"""Scenes whose truth is known: coloured boxes that walk about, detected perfectly unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.eye.tracker import Tracker
from shared.domain.box import Box, iou
from shared.domain.detection import Detection, Track

WIDTH, HEIGHT = 640, 480
BODY = 100.0
WALK = 0.8 * BODY  # pixels per second

Path = Callable[[float], tuple[float, float] | None]
"""Seconds → the centre in pixels, or None while the object cannot be seen."""


@dataclass(frozen=True)
class Walker:
    """Somebody of a colour (BGR) on a path."""

    name: str
    path: Path
    colour: tuple[int, int, int] = (200, 60, 60)
    label: str = "person"
    confidence: float = 0.9
    body: float = BODY

    def box(self, ts: float) -> Box | None:
        place = self.path(ts)
        if place is None:
            return None
        x, y = place
        box = Box(x - 0.2 * self.body, y - self.body / 2, x + 0.2 * self.body, y + self.body / 2)
        shown = box.clipped(WIDTH, HEIGHT)
        return shown if shown.width >= 8 else None


def straight(x: float, y: float = 240, *, vx: float = WALK, vy: float = 0) -> Path:
    """From (x, y) at a steady pace."""
    return lambda ts: (x + vx * ts, y + vy * ts)


def hidden(path: Path, start_s: float, end_s: float) -> Path:
    """The same path, out of sight for a while."""
    return lambda ts: None if start_s <= ts < end_s else path(ts)


def picture(walkers: Iterable[Walker], ts: float) -> NDArray[np.uint8]:
    """The scene as drawn: a grey ground, later walkers in front of earlier ones."""
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for walker in walkers:
        box = walker.box(ts)
        if box is not None:
            x1, y1, x2, y2 = (int(value) for value in box.as_xyxy())
            image[y1:y2, x1:x2] = walker.colour
    return image


def watch(
    tracker: Tracker,
    walkers: Iterable[Walker],
    times: Iterable[float],
    *,
    blind: bool = False,
) -> dict[str, list[int]]:
    """Run a tracker over a scene → for each walker the numbers it was given, in order and without repeats.

    `blind` keeps the picture from the tracker, so that it has no colours to go by.
    """
    walkers = list(walkers)
    given: dict[str, list[int]] = {walker.name: [] for walker in walkers}
    for ts in times:
        image = None if blind else picture(walkers, ts)
        tracks = tracker.update(detections(walkers, ts), ts=ts, image=image, frame_size=(WIDTH, HEIGHT))
        for name, number in numbers(walkers, tracks, ts).items():
            if not given[name] or given[name][-1] != number:
                given[name].append(number)
    return given


def detections(walkers: Iterable[Walker], ts: float) -> list[Detection]:
    boxes = [(walker, walker.box(ts)) for walker in walkers]
    return [Detection(walker.label, walker.confidence, box) for walker, box in boxes if box is not None]


def numbers(walkers: Iterable[Walker], tracks: Iterable[Track], ts: float) -> Mapping[str, int]:
    """Each visible walker's track at this moment."""
    seen = [track for track in tracks if track.detection is not None]
    found: dict[str, int] = {}
    for walker in walkers:
        box = walker.box(ts)
        if box is not None:
            matching = [t.track_id for t in seen if t.detection and iou(t.detection.box, box) > 0.99]
            if matching:
                found[walker.name] = matching[0]
    return found


def every(interval_s: float, until_s: float) -> list[float]:
    """Evenly spaced times from 0."""
    return [round(i * interval_s, 3) for i in range(int(until_s / interval_s) + 1)]
