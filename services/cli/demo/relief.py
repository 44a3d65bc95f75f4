"""Rounded solids seen from the front, as pictures of depth, normal and material.

A body is built of tapered cylinders with round ends. Each is laid into a depth buffer, and one pass of
shading makes the picture: light from the upper left, sky from above, dark creases where a part lies behind another.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.cli.demo.sprite import FloatImage

FAR = -1e6
LIGHT = np.array([-0.42, -0.62, 0.66], np.float32)
"""Towards the light: x to the right, y down, z to the viewer."""

CREASE_STEP = 4
"""Creases are soft, so they are computed on a picture this many times smaller."""

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Limb:
    """A tapered cylinder from `a` to `b`: (x, y, depth) in pixels, depth growing to the viewer.

    `ra`, `rb` are radii across the picture, `flat` the depth radius as a share of them. `turn` turns the
    texture with the body, in radians; `cut` ends it straight instead of round, like the hem of a coat.
    """

    a: Point
    b: Point
    ra: float
    rb: float
    material: int
    flat: float = 1.0
    turn: float = 0.0
    cut: bool = False


class Relief:
    """A depth buffer of `width` × `height` pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.depth: FloatImage = np.full((height, width), FAR, np.float32)
        self.normal: FloatImage = np.zeros((height, width, 3), np.float32)
        self.material: NDArray[np.int16] = np.full((height, width), -1, np.int16)
        self.along: FloatImage = np.zeros((height, width), np.float32)
        self.around: FloatImage = np.zeros((height, width), np.float32)

    def lay(self, limb: Limb) -> None:
        """Add one solid; only what is nearer than what is already there stays."""
        reach = max(limb.ra, limb.rb) + 1
        height, width = self.depth.shape
        x1, x2 = (max(0, int(min(limb.a[0], limb.b[0]) - reach)), int(max(limb.a[0], limb.b[0]) + reach + 2))
        y1, y2 = (max(0, int(min(limb.a[1], limb.b[1]) - reach)), int(max(limb.a[1], limb.b[1]) + reach + 2))
        x2, y2 = min(x2, width), min(y2, height)
        if x1 >= x2 or y1 >= y2:
            return
        ys, xs = np.mgrid[y1:y2, x1:x2].astype(np.float32)
        self._lay_part(limb, xs, ys, (slice(y1, y2), slice(x1, x2)))

    def _lay_part(self, limb: Limb, xs: FloatImage, ys: FloatImage, part: tuple[slice, slice]) -> None:
        (ax, ay, az), (bx, by, bz) = limb.a, limb.b
        dx, dy = bx - ax, by - ay
        length2 = max(dx * dx + dy * dy, 1e-6)
        share = ((xs - ax) * dx + (ys - ay) * dy) / length2
        t = np.clip(share, 0, 1)
        radius = limb.ra + (limb.rb - limb.ra) * t
        off_x, off_y = (xs - ax - dx * t) / radius, (ys - ay - dy * t) / radius
        distance2 = off_x * off_x + off_y * off_y
        bulge = np.sqrt(np.clip(1 - distance2, 0, 1))
        depth = az + (bz - az) * t + radius * limb.flat * bulge
        nearer = (distance2 < 1) & (depth > self.depth[part])
        if limb.cut:
            nearer &= share == t
        normal = np.dstack([off_x * limb.flat, off_y * limb.flat, np.maximum(bulge, 0.02)])
        normal /= np.linalg.norm(normal, axis=2, keepdims=True)
        side = (off_x * dy - off_y * dx) / np.sqrt(length2)
        self.depth[part][nearer] = depth[nearer]
        self.normal[part][nearer] = normal[nearer]
        self.material[part][nearer] = limb.material
        self.along[part][nearer] = (share * np.sqrt(length2))[nearer]
        self.around[part][nearer] = (np.arcsin(np.clip(side, -1, 1)) + limb.turn)[nearer]

    def brightness(self, *, crease_px: float) -> FloatImage:
        """How lit each pixel is [h, w], about 0.2 to 1.15. `crease_px` is the size of the dark creases."""
        facing = self.normal @ LIGHT
        sky = 0.5 - 0.5 * self.normal[..., 1]
        lit = 0.40 + 0.16 * sky + 0.52 * np.clip(facing + 0.22, 0, 1.2)
        lit *= 0.72 + 0.28 * np.clip(self.normal[..., 2] * 1.8, 0, 1)
        return np.asarray(lit * self._creases(crease_px), np.float32)

    def _creases(self, size_px: float) -> FloatImage:
        """Less light where the neighbourhood is nearer to the viewer than the pixel itself."""
        height, width = self.depth.shape
        small = (width // CREASE_STEP, height // CREASE_STEP)
        solid = (self.material >= 0).astype(np.float32)
        weight = _blurred(solid, small, size_px)
        mean = _blurred(np.where(solid > 0, self.depth, 0), small, size_px) / np.maximum(weight, 1e-3)
        hidden = np.clip((cv2.resize(mean, (width, height)) - self.depth) / (3 * size_px), 0, 1)
        return np.asarray(1 - 0.55 * hidden, np.float32)


def _blurred(picture: FloatImage, size: tuple[int, int], sigma_px: float) -> FloatImage:
    small = cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma_px / CREASE_STEP), np.float32)
