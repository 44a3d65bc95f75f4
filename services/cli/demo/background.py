"""Places in which nothing moves: floors in true perspective, walls, and the things that stand there."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from services.cli.demo.noise import texture
from services.cli.demo.scene import View
from services.cli.demo.sprite import FloatImage, Image
from shared.domain.errors import UserError

Colour = tuple[int, int, int]
Painter = Callable[["Stage"], None]


class Stage:
    """A picture in the making: [h, w, 3] float32 BGR, with the view that tells where things fall."""

    def __init__(self, view: View, seed: int, wall_z_m: float) -> None:
        self.view = view
        self.wall_z_m = wall_z_m
        self.rng = np.random.default_rng(seed)
        self.picture: FloatImage = np.zeros((view.height, view.width, 3), np.float32)

    def quad(self, corners: list[tuple[float, float, float]], colour: Colour) -> None:
        """Fill a flat shape given by its corners in the world, with soft edges."""
        points = [self.view.project(*corner) for corner in corners]
        fixed = np.round(np.array(points) * 16).astype(np.int32)
        cv2.fillPoly(self.picture, [fixed], colour, cv2.LINE_AA, 4)

    def upright(self, x1: float, x2: float, y1: float, y2: float, colour: Colour, *, z: float = 0) -> None:
        """A rectangle facing the camera, on the back wall unless `z` says otherwise; metres."""
        z = z or self.wall_z_m
        self.quad([(x1, y1, z), (x2, y1, z), (x2, y2, z), (x1, y2, z)], colour)

    def lying(self, x1: float, x2: float, z1: float, z2: float, colour: Colour, *, y: float = 0) -> None:
        """A rectangle lying on the floor, or on something `y` metres high."""
        self.quad([(x1, y, z1), (x2, y, z1), (x2, y, z2), (x1, y, z2)], colour)

    def box(self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], colour: Colour) -> None:
        """A box: its lit top, the side that can be seen, and its front; metres, `z` = (front, back)."""
        shades = [tuple(int(min(255, part * share)) for part in colour) for share in (1.18, 0.62, 0.86)]
        top, side, front = ((s[0], s[1], s[2]) for s in shades)
        self.lying(x[0], x[1], z[0], z[1], top, y=y[1])
        edge = x[0] if x[0] > 0 else x[1]
        if edge in x and (x[0] > 0 or x[1] < 0):
            self.quad([(edge, y[0], z[0]), (edge, y[1], z[0]), (edge, y[1], z[1]), (edge, y[0], z[1])], side)
        self.upright(x[0], x[1], y[0], y[1], front, z=z[0])

    def shade(self, x: float, z: float, *, across: float, deep: float, strength: float) -> None:
        """Darken the floor softly round a point, under things that stand there."""
        middle, size = self.view.project(x, 0, z), self.view.scale(z)
        ys, xs = np.mgrid[0 : self.view.height, 0 : self.view.width].astype(np.float32)
        far = np.hypot((xs - middle[0]) / (across * size), (ys - middle[1]) / (deep * size))
        self.picture *= (1 - strength * np.clip(1 - far, 0, 1))[..., None]


def floor_places(view: View, far_z_m: float) -> tuple[FloatImage, FloatImage, int]:
    """The world's x and z [rows, w] of every pixel of the floor, and the first row of it."""
    first = round(view.project(0, 0, far_z_m)[1])
    ys, xs = np.mgrid[first : view.height, 0 : view.width].astype(np.float32)
    z = view.focal_px * view.camera_height_m / (ys + 0.5 - view.horizon_px)
    x = (xs - view.width / 2) * z / view.focal_px
    return np.asarray(x, np.float32), np.asarray(z, np.float32), first


def lay_floor(stage: Stage, colour: Colour, *, grain: float, slab_m: float = 0) -> None:
    """A floor up to the back wall: coarse and fine grain, with joints every `slab_m` metres if given."""
    x, z, first = floor_places(stage.view, stage.wall_z_m)
    shape = (stage.view.width, x.shape[0])
    fine = texture(stage.rng, shape, cell_px=3, octaves=2) * grain
    stains = texture(stage.rng, (256, 256), cell_px=60, octaves=4) * 0.07
    columns, rows = (_mirrored(place * 22, 256) for place in (x + 40, z))
    light = 1 + fine * np.clip(6 / z, 0.2, 1) + stains[rows, columns]
    if slab_m:
        light *= _slabs(stage, x, z, slab_m)
    light *= 1.08 - 0.016 * np.abs(z - 7) - 0.02 * np.abs(x)
    stage.picture[first:] = np.array(colour, np.float32) * light[..., None]


def _mirrored(values: FloatImage, size: int) -> NDArray[np.int32]:
    """Indices that run to the end of a texture and back again, without a seam."""
    there_and_back = values.astype(np.int32) % (2 * size)
    return np.asarray(np.minimum(there_and_back, 2 * size - 1 - there_and_back), np.int32)


def _slabs(stage: Stage, x: FloatImage, z: FloatImage, slab_m: float) -> FloatImage:
    """Each slab a little lighter or darker than its neighbours, and dark joints between them."""
    tones = 1 + 0.045 * stage.rng.standard_normal((64, 64)).astype(np.float32)
    column, row = np.floor(x / slab_m).astype(np.int32) % 64, np.floor(z / slab_m).astype(np.int32) % 64
    pixel_x, pixel_z = z / stage.view.focal_px, z * z / (stage.view.focal_px * stage.view.camera_height_m)
    joints = np.ones_like(x)
    for place, pixel in ((x, pixel_x), (z, pixel_z)):
        off = np.abs((place / slab_m + 0.5) % 1 - 0.5) * slab_m
        joints *= 1 - 0.28 * np.clip(0.018 / pixel, 0, 1) * np.clip(1.4 - off / np.maximum(pixel, 0.014), 0, 1)
    return np.asarray(tones[row, column] * joints, np.float32)


def raise_wall(stage: Stage, colour: Colour, *, bricks: bool = False, grain: float = 0.05) -> None:
    """The back wall, from the floor to above the picture, darker towards the floor's edge."""
    view, z = stage.view, stage.wall_z_m
    bottom = round(view.project(0, 0, z)[1])
    rough = texture(stage.rng, (view.width, bottom), cell_px=view.height / 12, octaves=5)
    light = 1 + grain * rough
    ys, xs = np.mgrid[0:bottom, 0 : view.width].astype(np.float32)
    if bricks:
        light *= _bricks(stage, xs, bottom - ys)
    light *= 0.80 + 0.26 * np.clip((bottom - ys) / (bottom * 0.9), 0, 1)
    stage.picture[:bottom] = np.array(colour, np.float32) * light[..., None]


def _bricks(stage: Stage, across: FloatImage, up: FloatImage) -> FloatImage:
    px_per_m = stage.view.scale(stage.wall_z_m)
    course = up / px_per_m / 0.085
    row = np.floor(course).astype(np.int32)
    along = across / px_per_m / 0.26 + 0.5 * (row % 2)
    column = np.floor(along).astype(np.int32)
    tones = 1 + 0.09 * stage.rng.standard_normal((64, 64)).astype(np.float32)
    joint = (course % 1 < 0.16) | (along % 1 < 0.06)
    return np.asarray(tones[row % 64, column % 64] * np.where(joint, 1.10, 1), np.float32)


def finish(stage: Stage) -> Image:
    """Bring the light of a lens to the picture: darker corners, and a little blur."""
    view = stage.view
    ys, xs = np.mgrid[-1 : 1 : view.height * 1j, -1 : 1 : view.width * 1j].astype(np.float32)
    corners = 1 - 0.20 * np.clip(np.hypot(xs * 0.85, ys * 0.85) - 0.45, 0, 1)
    grain = 1 + 0.012 * texture(stage.rng, (view.width, view.height), cell_px=2, octaves=1)
    picture = cv2.GaussianBlur(stage.picture, (0, 0), 0.0007 * view.height + 0.15)
    lit = np.asarray(picture) * (corners * grain)[..., None]
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def paint(name: str, view: View, *, seed: int) -> Image:
    """The picture of a place: [h, w, 3] uint8 BGR. The same arguments give the same pixels."""
    from services.cli.demo.places import PLACES

    if name not in PLACES:
        raise UserError("background", f"no such place {name!r}", remedy=f"use one of {', '.join(sorted(PLACES))}")
    place = PLACES[name]
    stage = Stage(view, seed, place.wall_z_m)
    place.painter(stage)
    return finish(stage)
