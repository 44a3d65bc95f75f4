"""What people wear, and how the cloth looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from services.cli.demo.noise import texture
from services.cli.demo.relief import Relief
from services.cli.demo.sprite import FloatImage

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""

SKINS: tuple[Colour, ...] = ((150, 180, 224), (120, 152, 205), (84, 116, 170), (58, 82, 126))
HAIRS: tuple[Colour, ...] = ((28, 30, 36), (36, 50, 74), (60, 92, 130), (98, 104, 110))
TOPS: tuple[Colour, ...] = (
    (52, 44, 168),
    (130, 82, 38),
    (60, 110, 58),
    (44, 46, 52),
    (60, 160, 214),
    (120, 60, 110),
    (208, 204, 198),
    (128, 128, 40),
)
LEGS: tuple[Colour, ...] = ((92, 62, 40), (46, 42, 42), (70, 88, 110), (62, 66, 70))
BAGS: tuple[Colour, ...] = ((40, 40, 46), (40, 60, 120), (80, 60, 40))


class Pattern(IntEnum):
    PLAIN = 0
    STRIPES = 1
    CHECKS = 2
    JACKET = 3


@dataclass(frozen=True, slots=True)
class Outfit:
    """One person's looks. Lengths are metres; `broad` and `wide` are shares of the usual body and trousers."""

    skin: Colour
    hair: Colour
    top: Colour
    shirt: Colour
    legs: Colour
    shoes: Colour
    bag_colour: Colour
    pattern: Pattern
    hair_m: float
    hem_m: float
    broad: float
    wide: float
    long_sleeves: bool
    bag: bool
    seed: int


def random_outfit(rng: np.random.Generator) -> Outfit:
    """Somebody's clothes. The same generator state gives the same clothes."""

    def pick(colours: tuple[Colour, ...]) -> Colour:
        return colours[int(rng.integers(len(colours)))]

    pattern = Pattern(int(rng.integers(len(Pattern))))
    return Outfit(
        skin=pick(SKINS),
        hair=pick(HAIRS),
        top=pick(TOPS),
        shirt=(206, 206, 200),
        legs=pick(LEGS),
        shoes=(40, 42, 50) if rng.random() < 0.7 else (196, 196, 200),
        bag_colour=pick(BAGS),
        pattern=pattern,
        hair_m=0.16 if rng.random() < 0.35 else 0.02,
        hem_m=0.16 if pattern is Pattern.JACKET else 0.05,
        broad=float(rng.uniform(0.94, 1.06)),
        wide=float(rng.uniform(0.94, 1.08)),
        long_sleeves=pattern is Pattern.JACKET or rng.random() < 0.6,
        bag=bool(rng.random() < 0.35),
        seed=int(rng.integers(2**31)),
    )


def cloth(relief: Relief, outfit: Outfit, px_per_m: float) -> FloatImage:
    """The unlit colour of every pixel [h, w, 3], with folds and patterns that move with the body."""
    palette = np.array(
        [outfit.skin, outfit.hair, outfit.top, outfit.legs, outfit.shoes, outfit.bag_colour, (30, 34, 60)], np.float32
    )
    colour = palette[np.maximum(relief.material, 0)]
    colour = _patterned(colour, relief, outfit, px_per_m)
    folds = _folds(relief, outfit, px_per_m)
    return np.asarray(colour * (1 + folds[..., None]), np.float32)


def _patterned(colour: FloatImage, relief: Relief, outfit: Outfit, px_per_m: float) -> FloatImage:
    top = relief.material == 2
    along, around = relief.along / px_per_m, relief.around
    if outfit.pattern is Pattern.STRIPES:
        colour[top & ((along / 0.045) % 2 < 0.8)] = outfit.shirt
    elif outfit.pattern is Pattern.CHECKS:
        lines = ((along / 0.05) % 2 < 0.7).astype(np.float32) + ((around / 0.35) % 2 < 0.7)
        colour[top] *= (1 - 0.28 * lines[top])[:, None]
    elif outfit.pattern is Pattern.JACKET:
        open_front = np.cos(around - np.pi / 2) > 0.965
        colour[top & open_front & (around != 0)] = outfit.shirt
    return colour


def _folds(relief: Relief, outfit: Outfit, px_per_m: float) -> FloatImage:
    rng = np.random.default_rng(outfit.seed)
    cloth_noise = texture(rng, (256, 512), cell_px=26, octaves=4)
    strength = np.array([0.05, 0.30, 0.15, 0.17, 0.08, 0.10, 0.0], np.float32)
    rows = ((relief.along / px_per_m * 420).astype(np.int32) + relief.material * 97) % 512
    columns = (relief.around * 40).astype(np.int32) % 256
    return np.asarray(cloth_noise[rows, columns] * strength[np.maximum(relief.material, 0)], np.float32)
