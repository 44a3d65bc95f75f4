"""A hatchback with a number plate, as a faceted body in true perspective."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from services.cli.demo.bodywork import AXLES_M, HALF_WIDTH_M, TYRE_M, Facet, details, facets
from services.cli.demo.plate import PLATE_SIDE_M, PLATE_UP_M, REAR_M, plate_picture
from services.cli.demo.scene import Drawn, Pose, View
from services.cli.demo.sprite import Canvas, FloatImage, Image, Sprite
from shared.domain.box import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

Colour = tuple[int, int, int]
OVERSAMPLING = 2
SUN = np.array([-0.35, -0.75, 0.55])
"""Towards the light: right, away from the camera, up."""
PLATE_LEGIBLE_PX = 40


@dataclass(frozen=True, slots=True)
class Car:
    """A car with `plate` on its rear. `colour` is its paint, BGR 0..255."""

    plate: str
    colour: Colour = (150, 74, 34)
    _standing: dict[tuple[float, ...], tuple[Sprite, Box, Box]] = field(default_factory=dict, compare=False, repr=False)

    def draw(self, canvas: Canvas, view: View, pose: Pose) -> list[Drawn]:
        key = (view.width, view.height, round(pose.x_m, 3), round(pose.z_m, 3), round(pose.heading, 3))
        if key not in self._standing:
            self._standing.clear()
            drawing = _Drawing(view, pose, self.colour)
            self._standing[key] = (*drawing.finished(self.plate), drawing.box)
        sprite, plate_box, car_box = self._standing[key]
        canvas.paste(sprite, 0, 0)
        drawn = [Drawn("car", car_box)]
        if plate_box.width >= PLATE_LEGIBLE_PX * view.width / 1280:
            drawn.append(Drawn("plate", plate_box, self.plate))
        return drawn


def _car_box(view: View, pose: Pose) -> Box:
    placed = _Placed(view, pose)
    corners = np.array(
        [placed.pixel(*corner) for facet in facets() for corner in facet.corners]
        + [placed.pixel(f, side * HALF_WIDTH_M, 0.02) for f in AXLES_M for side in (1, -1)]
    )
    (x1, y1), (x2, y2) = corners.min(axis=0), corners.max(axis=0)
    return Box(float(x1), float(y1), float(x2), float(y2))


@dataclass(frozen=True, slots=True)
class _Placed:
    """From the car's own axes (forward, left, up) to the world and to pixels."""

    view: View
    pose: Pose

    def world(self, forward: float, left: float, up: float) -> tuple[float, float, float]:
        cos, sin = math.cos(self.pose.heading), math.sin(self.pose.heading)
        x = self.pose.x_m + forward * cos + left * sin
        z = self.pose.z_m - forward * sin + left * cos
        return x, up, max(z, 0.5)

    def pixel(self, forward: float, left: float, up: float) -> tuple[float, float]:
        return self.view.project(*self.world(forward, left, up))

    def sees(self, point: tuple[float, float, float], normal: NDArray[np.float64]) -> bool:
        """Whether a face at `point` with a `normal` in the world (right, away, up) looks at the camera."""
        x, y, z = self.world(*point)
        return bool(normal @ np.array([-x, -z, self.view.camera_height_m - y]) > 0)

    def turned(self, normal: tuple[float, float, float]) -> NDArray[np.float64]:
        forward, left, up = normal
        cos, sin = math.cos(self.pose.heading), math.sin(self.pose.heading)
        return np.array([forward * cos + left * sin, -forward * sin + left * cos, up])


class _Drawing:
    """One car on a picture of its own, large enough for its box and shadow."""

    def __init__(self, view: View, pose: Pose, colour: Colour) -> None:
        self.placed, self.colour, self.pose = _Placed(view, pose), colour, pose
        self.box = box = _car_box(view, pose)
        margin = 0.3 * box.height
        self.left, self.top = int(box.x1 - margin), int(box.y1 - margin)
        width, height = int(box.width + 2 * margin) + 2, int(box.height + 2 * margin) + 2
        self.picture: Image = np.zeros((height * OVERSAMPLING, width * OVERSAMPLING, 4), np.uint8)

    def finished(self, plate: str) -> tuple[Sprite, Box]:
        self._wheels(far=True)
        self._body()
        self._wheels(far=False)
        for detail in filter(self._looks_here, details()):
            self._facet(detail, shaded=False)
        plate_box = self._plate(plate)
        height, width = (side // OVERSAMPLING for side in self.picture.shape[:2])
        soft = cv2.GaussianBlur(self.picture, (0, 0), 0.5 * OVERSAMPLING)
        small = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_AREA), np.float32)
        alpha = np.maximum(small[..., 3:] / 255, self._shadow((width, height)))
        return Sprite(small[..., :3].copy(), alpha, -self.left, -self.top), plate_box

    def _body(self) -> None:
        """Facets from far to near: enough for a body that is nearly convex."""

        def distance(facet: Facet) -> float:
            places = [self.placed.world(*corner) for corner in facet.corners]
            return sum(math.hypot(x, z) for x, _, z in places) / len(places)

        for facet in sorted(filter(self._looks_here, facets()), key=distance, reverse=True):
            self._facet(facet, shaded=True)

    def _looks_here(self, facet: Facet) -> bool:
        return self.placed.sees(facet.corners[0], self.placed.turned(facet.normal))

    def _facet(self, facet: Facet, *, shaded: bool) -> None:
        colour = np.array(facet.colour if facet.colour is not None else self.colour, np.float64)
        if shaded:
            normal = self.placed.turned(facet.normal)
            lit = max(0.0, float(normal @ SUN))
            colour = colour * (0.42 + 0.62 * lit + 0.14 * normal[2]) + 70 * lit**8
        self._fill([self.placed.pixel(*corner) for corner in facet.corners], colour)

    def _fill(self, points: list[tuple[float, float]], colour: NDArray[np.float64]) -> None:
        moved = (np.array(points) - (self.left, self.top)) * OVERSAMPLING * 16
        paint = (*(float(part) for part in np.clip(colour, 0, 255)), 255.0)
        cv2.fillPoly(self.picture, [np.round(moved).astype(np.int32)], paint, cv2.LINE_8, 4)

    def _wheels(self, *, far: bool) -> None:
        for side in (1, -1):
            near_side = self.placed.sees((0.0, side * HALF_WIDTH_M, 0.4), self.placed.turned((0, side, 0)))
            if near_side == far:
                continue
            for axle in AXLES_M:
                self._wheel(axle, side * HALF_WIDTH_M)

    def _wheel(self, axle: float, left: float) -> None:
        out = math.copysign(0.012, left)
        self._disc(axle, left + out * 0.5, 0.375, (22, 22, 24))
        self._disc(axle, left + out, TYRE_M, (38, 38, 40))
        self._disc(axle, left + 1.4 * out, 0.205, (176, 176, 176))
        spin = self.pose.walked_m / TYRE_M
        for spoke in range(5):
            angle = spin + spoke * 2 * math.pi / 5
            self._disc(
                axle + 0.125 * math.cos(angle),
                left + 1.6 * out,
                0.045,
                (60, 60, 62),
                up=TYRE_M + 0.125 * math.sin(angle),
            )
        self._disc(axle, left + 1.6 * out, 0.04, (80, 80, 84))

    def _disc(self, axle: float, left: float, radius: float, colour: Colour, *, up: float = TYRE_M) -> None:
        turns = np.linspace(0, 2 * math.pi, 28, endpoint=False)
        points = [
            self.placed.pixel(axle + radius * math.cos(turn), left, max(0.0, up + radius * math.sin(turn)))
            for turn in turns
        ]
        self._fill(points, np.array(colour, np.float64))

    def _plate(self, text: str) -> Box:
        """Lay the plate onto the rear; an empty box when the rear cannot be seen."""
        corners = [(REAR_M, PLATE_SIDE_M, PLATE_UP_M[1]), (REAR_M, -PLATE_SIDE_M, PLATE_UP_M[1]),
                   (REAR_M, -PLATE_SIDE_M, PLATE_UP_M[0]), (REAR_M, PLATE_SIDE_M, PLATE_UP_M[0])]  # fmt: skip
        if not self.placed.sees(corners[0], self.placed.turned((-1.0, 0.0, 0.0))):
            return Box(0, 0, 0, 0)
        points = np.array([self.placed.pixel(*corner) for corner in corners], np.float32)
        picture = plate_picture(text)
        high, wide = picture.shape[:2]
        source = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
        target = ((points - (self.left, self.top)) * OVERSAMPLING).astype(np.float32)
        matrix = cv2.getPerspectiveTransform(source, target)
        size = (self.picture.shape[1], self.picture.shape[0])
        laid = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_AREA)
        cover = laid[..., 3:] > 127
        self.picture[...] = np.where(cover, laid, self.picture)
        (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
        return Box(float(x1), float(y1), float(x2), float(y2))

    def _shadow(self, size: tuple[int, int]) -> FloatImage:
        """Dark ground under the car [h, w, 1]."""
        shade = np.zeros((size[1], size[0]), np.float32)
        ends = [(2.15, 0.9), (2.15, -0.9), (-2.15, -0.9), (-2.15, 0.9)]
        points = np.array([self.placed.pixel(forward, left, 0) for forward, left in ends])
        moved = np.round(points - (self.left, self.top)).astype(np.int32)
        cv2.fillPoly(shade, [moved], 0.72)
        return np.asarray(cv2.GaussianBlur(shade, (0, 0), size[1] / 45), np.float32)[..., None]
