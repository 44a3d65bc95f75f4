"""What a drawn scene is made of: a view, actors on paths, and the truth about every frame.

World coordinates are metres on a flat floor: x to the right, y up, z away from the camera.
Nothing here depends on the picture's size, so that a scene can be drawn at any size and rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from shared.domain.box import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.cli.demo.sprite import Canvas

STEP_S = 0.04
"""Half the time over which speed and heading are measured."""


@dataclass(frozen=True, slots=True)
class View:
    """A pinhole camera with an upright picture plane, so that verticals stay vertical.

    `width` and `height` are pixels; `horizon` and `focal` are shares of the height; `camera_height_m`
    is how far above the floor the camera hangs.
    """

    width: int
    height: int
    horizon: float = 0.27
    focal: float = 1.3
    camera_height_m: float = 2.4

    @property
    def focal_px(self) -> float:
        return self.focal * self.height

    @property
    def horizon_px(self) -> float:
        return self.horizon * self.height

    def scale(self, z_m: float) -> float:
        """Pixels per metre at a distance."""
        return self.focal_px / z_m

    def project(self, x_m: float, y_m: float, z_m: float) -> tuple[float, float]:
        """Where a point of the world falls, in pixels; `z_m` must be positive."""
        scale = self.scale(z_m)
        return (
            self.width / 2 + x_m * scale,
            self.horizon_px + (self.camera_height_m - y_m) * scale,
        )

    def edge_x_m(self, z_m: float) -> float:
        """How far from the middle the picture's side is, in metres, at a distance."""
        return self.width / 2 / self.scale(z_m)


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where an actor is at a time. Equal places at two times are a stop."""

    t_s: float
    x_m: float
    z_m: float


@dataclass(frozen=True, slots=True)
class Pose:
    """An actor at one moment.

    `heading` is in radians: 0 to the right, π/2 towards the camera; `walked_m` is the way so far (the
    phase of a gait or of a wheel); `speed_m_s` is 0 while standing.
    """

    t_s: float
    x_m: float
    z_m: float
    heading: float
    speed_m_s: float
    walked_m: float


@dataclass(frozen=True, slots=True)
class Path:
    """Waypoints in order of time; the actor exists from the first to the last of them."""

    points: tuple[Waypoint, ...]

    def __post_init__(self) -> None:
        times = [point.t_s for point in self.points]
        if len(times) < 2 or times != sorted(times):
            raise ValueError("a path needs two or more waypoints in order of time")

    def pose(self, t_s: float) -> Pose | None:
        """The pose at a time, or None before the first and after the last waypoint."""
        if not self.points[0].t_s <= t_s <= self.points[-1].t_s:
            return None
        x, z = self._place(t_s)
        before, after = self._place(t_s - STEP_S), self._place(t_s + STEP_S)
        speed = math.dist(before, after) / (2 * STEP_S)
        return Pose(t_s, x, z, self._heading(t_s), speed, self._walked_m(t_s))

    def _place(self, t_s: float) -> tuple[float, float]:
        points = self.points
        t_s = min(max(t_s, points[0].t_s), points[-1].t_s)
        for a, b in pairwise(points):
            if t_s <= b.t_s:
                share = (t_s - a.t_s) / max(b.t_s - a.t_s, 1e-9)
                return a.x_m + (b.x_m - a.x_m) * share, a.z_m + (b.z_m - a.z_m) * share
        return points[-1].x_m, points[-1].z_m

    def _heading(self, t_s: float) -> float:
        """The direction of the leg under way; while standing, of the leg before (or the first one)."""
        heading: float | None = None
        for a, b in pairwise(self.points):
            if heading is not None and a.t_s > t_s:
                break
            if math.hypot(b.x_m - a.x_m, b.z_m - a.z_m) > 1e-6:
                heading = math.atan2(a.z_m - b.z_m, b.x_m - a.x_m)
        return heading or 0.0

    def _walked_m(self, t_s: float) -> float:
        walked = 0.0
        here = self._place(t_s)
        for a, b in pairwise(self.points):
            if t_s <= a.t_s:
                break
            end = (b.x_m, b.z_m) if t_s >= b.t_s else here
            walked += math.dist((a.x_m, a.z_m), end)
        return walked


@dataclass(frozen=True, slots=True)
class Drawn:
    """One object as it was drawn: its whole box in pixels, also where that leaves the picture."""

    label: str
    box: Box
    text: str = ""


class Look(Protocol):
    """How an actor is drawn. The first thing returned is the actor itself, others are parts of it."""

    def draw(self, canvas: Canvas, view: View, pose: Pose) -> Sequence[Drawn]:
        """Draw onto the canvas and say what is where."""
        ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something with a path through the scene. `track_id` is unique in its scene."""

    track_id: int
    look: Look
    path: Path


@dataclass(frozen=True, slots=True)
class GroundTruthBox:
    """One object on one frame. `box` is in pixels and ends at the picture's border.

    `visible` is the share 0..1 of the whole object that is in the picture and not behind another
    actor; `text` is what is written on it (a plate).
    """

    label: str
    track_id: int
    box: Box
    visible: float = 1.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene to be drawn: `seconds` long, `size` = (width, height) in pixels.

    `noise` is the sensor's noise (standard deviation in grey levels, 0 for none). The same scene is
    always the same pixels.
    """

    name: str
    background: str
    actors: tuple[Actor, ...] = ()
    seconds: float = 20.0
    size: tuple[int, int] = (1280, 720)
    fps: float = 12.0
    seed: int = 1
    noise: float = 1.5

    @property
    def view(self) -> View:
        return View(*self.size)

    @property
    def frame_count(self) -> int:
        return max(1, round(self.seconds * self.fps))
