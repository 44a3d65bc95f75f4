"""The demo's places, drawn on a stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.cli.demo.background import Colour, Painter, Stage, lay_floor, raise_wall
from services.cli.demo.noise import texture

BIN_M = (1.3, 7.0)
"""Where the bin stands: x and z in metres."""


@dataclass(frozen=True, slots=True)
class Place:
    """How a place is painted, and how far away its back wall is in metres."""

    painter: Painter
    wall_z_m: float


def entrance(stage: Stage) -> None:
    """A house front with a wide glass door, a canopy and a bench, on slabs."""
    raise_wall(stage, (168, 188, 200), grain=0.035)
    lay_floor(stage, (140, 146, 150), grain=0.05, slab_m=0.8)
    stage.upright(-20, 20, 0, 0.45, (112, 120, 126))
    stage.upright(-1.75, 1.75, 0, 2.62, (128, 132, 134))
    for left in (-1.65, 0.05):
        _glass(stage, left, left + 1.6, 0.06, 2.5)
    stage.upright(-2.3, 2.3, 2.72, 2.95, (58, 60, 64))
    for left in (-6.9, 3.2):
        stage.upright(left - 0.1, left + 3.5, 0.85, 2.5, (150, 158, 164))
        _glass(stage, left, left + 3.4, 0.95, 2.4)
    _mat(stage, -1.5, 1.5)
    stage.shade(3.7, 10.2, across=1.9, deep=0.35, strength=0.4)
    stage.box((2.5, 4.9), (0.34, 0.45), (9.9, 10.4), (70, 104, 146))
    for x in (2.65, 4.6):
        stage.box((x, x + 0.14), (0.0, 0.34), (9.95, 10.3), (62, 62, 64))
    _planter(stage, -3.0, 10.2)
    stage.shade(0, 11.0, across=20, deep=0.28, strength=0.35)


def yard(stage: Stage) -> None:
    """A works yard: a brick wall, a roller gate, pallets and a line on the asphalt."""
    raise_wall(stage, (86, 104, 150), bricks=True, grain=0.07)
    lay_floor(stage, (104, 104, 102), grain=0.11)
    stage.upright(-20, 20, 0, 0.3, (112, 114, 116))
    _roller_gate(stage, 1.2, 5.6)
    for z in (6.2, 6.32):
        stage.lying(-20, 20, z, z + 0.06, (70, 170, 190))
    for level in range(4):
        bottom = level * 0.16
        stage.box((-6.2, -4.6), (bottom, bottom + 0.11), (10.6, 11.8), (96, 140, 178))
    stage.shade(-5.4, 10.6, across=1.6, deep=0.3, strength=0.35)
    stage.shade(0, 13.0, across=22, deep=0.3, strength=0.35)


def parking(stage: Stage) -> None:
    """Asphalt with bays, a kerb with grass and a long low wall."""
    raise_wall(stage, (186, 196, 200), grain=0.05)
    _hedge(stage, 1.25, 2.65)
    lay_floor(stage, (92, 90, 88), grain=0.12)
    stage.lying(-30, 30, 15.0, stage.wall_z_m, (66, 122, 98))
    stage.lying(-30, 30, 14.7, 15.05, (150, 152, 154))
    for x in np.arange(-9.6, 10, 3.2):
        stage.quad([(x, 0, 10.6), (x + 0.12, 0, 10.6), (x + 0.12, 0, 14.6), (x, 0, 14.6)], (190, 194, 196))
    stage.upright(-30, 30, 0, 0.12, (120, 128, 130))
    stage.shade(0, stage.wall_z_m, across=40, deep=0.25, strength=0.25)


def bin_corner(stage: Stage) -> None:
    """The back of a building: plaster, a door step, and a steel bin."""
    raise_wall(stage, (140, 152, 158), grain=0.09)
    lay_floor(stage, (96, 100, 104), grain=0.10, slab_m=1.6)
    stage.upright(-20, 20, 0, 0.5, (100, 106, 112))
    _roller_gate(stage, -6.2, -2.6)
    skip(stage, *BIN_M)
    stage.shade(0, 10.0, across=20, deep=0.3, strength=0.35)


def shop(stage: Stage) -> None:
    """A small shop: shelves along the wall, a counter at the side, tiles."""
    raise_wall(stage, (190, 204, 210), grain=0.02)
    lay_floor(stage, (162, 172, 178), grain=0.025, slab_m=0.6)
    for left in (-5.4, -2.5, 0.4):
        _shelf(stage, left, left + 2.8)
    stage.upright(-20, 20, 2.75, 3.0, (150, 160, 120))
    stage.shade(4.6, 8.0, across=2.2, deep=0.5, strength=0.35)
    stage.box((3.5, 7.4), (0, 1.02), (8.0, 9.2), (120, 150, 176))
    stage.box((3.4, 7.4), (1.02, 1.08), (7.9, 9.3), (70, 74, 78))
    stage.box((4.5, 5.1), (1.08, 1.42), (8.4, 8.7), (54, 54, 56))
    stage.shade(0, 10.6, across=20, deep=0.3, strength=0.3)


def skip(stage: Stage, x: float, z: float) -> None:
    """A wide steel bin of 0.9 m with ribs and a dark opening, its middle at (x, z)."""
    stage.shade(x, z, across=2.0, deep=0.42, strength=0.55)
    wide = 1.05
    stage.box((x - wide, x + wide), (0.06, 0.86), (z - 0.5, z + 0.5), (74, 96, 62))
    for rib in (-1.0, -0.5, 0.0, 0.5):
        stage.upright(x + rib, x + rib + 0.07, 0.06, 0.84, (80, 104, 68), z=z - 0.5)
    stage.upright(x - wide - 0.05, x + wide + 0.05, 0.82, 0.92, (88, 112, 76), z=z - 0.51)
    stage.lying(x - wide + 0.08, x + wide - 0.08, z - 0.42, z + 0.42, (18, 20, 22), y=0.9)
    for foot in (-0.9, 0.7):
        stage.upright(x + foot, x + foot + 0.2, 0, 0.07, (34, 34, 36), z=z - 0.5)


def _glass(stage: Stage, x1: float, x2: float, y1: float, y2: float) -> None:
    """A dark pane with a soft, slanting reflection."""
    view, z = stage.view, stage.wall_z_m
    left, bottom = view.project(x1, y1, z)
    right, top = view.project(x2, y2, z)
    rows, columns = slice(max(0, round(top)), round(bottom)), slice(max(0, round(left)), max(0, round(right)))
    pane = stage.picture[rows, columns]
    ys, xs = np.mgrid[0 : pane.shape[0], 0 : pane.shape[1]].astype(np.float32)
    gleam = 0.5 + 0.5 * np.sin((xs * 0.9 + ys * 0.5) / (0.32 * view.scale(z)) + x1)
    pane[...] = np.array([176, 164, 150], np.float32) * (0.74 + 0.32 * gleam[..., None])


def _mat(stage: Stage, x1: float, x2: float) -> None:
    stage.lying(x1, x2, 9.8, 10.8, (98, 100, 104))


def _planter(stage: Stage, x: float, z: float) -> None:
    """A low concrete trough with a round bush."""
    stage.shade(x, z, across=1.2, deep=0.3, strength=0.4)
    view = stage.view
    middle, top = view.project(x, 0.75, z + 0.3)
    scale = view.scale(z)
    ys, xs = np.mgrid[0 : view.height, 0 : view.width].astype(np.float32)
    leaves = texture(stage.rng, (view.width, view.height), cell_px=0.16 * scale, octaves=4)
    far = np.hypot((xs - middle) / (0.85 * scale), (ys - top) / (0.42 * scale))
    bush = (far + 0.16 * leaves < 1) & (far < 1.04)
    tone = (0.65 + 0.35 * leaves - 0.30 * (ys - top) / (0.42 * scale))[..., None]
    stage.picture[bush] = (np.array([62, 104, 74], np.float32) * tone)[bush]
    stage.box((x - 0.8, x + 0.8), (0, 0.42), (z, z + 0.6), (150, 154, 156))


def _hedge(stage: Stage, bottom_m: float, top_m: float) -> None:
    """Foliage over the wall, and a pale sky above it."""
    view = stage.view
    top, bottom = (view.project(0, y, stage.wall_z_m)[1] for y in (top_m, bottom_m))
    ys, _ = np.mgrid[0 : view.height, 0 : view.width].astype(np.float32)
    leaves = texture(stage.rng, (view.width, view.height), cell_px=view.height / 22, octaves=5)
    edge = top + leaves * view.height * 0.014
    sky = ys < edge
    green = (ys >= edge) & (ys < bottom)
    stage.picture[sky] = (224, 212, 198)
    stage.picture[green] = (np.array([58, 92, 68], np.float32) * (0.8 + 0.4 * leaves[..., None]))[green]


def _roller_gate(stage: Stage, x1: float, x2: float) -> None:
    stage.upright(x1 - 0.12, x2 + 0.12, 0, 2.75, (84, 86, 88))
    slat_m = 0.16
    for slat in range(16):
        tone = 132 + 10 * (slat % 2)
        stage.upright(x1, x2, slat * slat_m + 0.04, (slat + 1) * slat_m, (tone, tone - 4, tone - 10))


def _shelf(stage: Stage, x1: float, x2: float) -> None:
    """Boards with rows of boxes in muted colours."""
    stage.upright(x1, x2, 0, 2.3, (96, 110, 118))
    goods: tuple[Colour, ...] = ((84, 92, 168), (150, 118, 70), (90, 140, 96), (96, 170, 190), (160, 160, 166))
    for level in range(4):
        bottom = 0.16 + level * 0.54
        x = x1 + 0.06
        while x < x2 - 0.2:
            width, high = float(stage.rng.uniform(0.10, 0.24)), float(stage.rng.uniform(0.22, 0.40))
            colour = goods[int(stage.rng.integers(len(goods)))]
            stage.upright(x, min(x + width, x2 - 0.05), bottom, bottom + high, colour)
            x += width + 0.015
        stage.upright(x1, x2, bottom - 0.06, bottom, (176, 182, 186))


PLACES: dict[str, Place] = {
    "entrance": Place(entrance, 11.0),
    "yard": Place(yard, 13.0),
    "parking": Place(parking, 18.0),
    "bin": Place(bin_corner, 10.0),
    "shop": Place(shop, 10.6),
}
