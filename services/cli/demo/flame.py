"""A flickering flame with smoke and its glow on things around."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from services.cli.demo.noise import texture
from services.cli.demo.scene import Drawn, Pose, View
from services.cli.demo.sprite import Canvas, FloatImage, Sprite
from shared.domain.box import Box

PICTURES = 32
CYCLE_S = 2.0
"""So many pictures are drawn once, and shown over and over in this time."""

WIDTH_PX, HEIGHT_PX = 220, 140
GROWTH_S = 2.5
HOT = 0.16
"""Heat above this is seen as flame."""

RAMP_AT = (0.0, 0.16, 0.34, 0.58, 0.82, 1.0)
RAMP = ((0, 0, 0), (4, 14, 96), (8, 62, 214), (24, 146, 252), (90, 216, 255), (200, 246, 255))
"""Colour by heat, BGR."""


@dataclass(frozen=True, slots=True)
class Flame:
    """A fire on something `base_m` high, burning from `lit_s` to `out_s`, `size_m` wide at its foot."""

    seed: int
    lit_s: float
    out_s: float
    base_m: float = 0.9
    size_m: float = 1.0
    _heat: list[FloatImage] = field(default_factory=list, compare=False, repr=False)

    def draw(self, canvas: Canvas, view: View, pose: Pose) -> list[Drawn]:
        strength = self._strength(pose.t_s)
        if strength <= 0:
            return []
        if not self._heat:
            self._heat.extend(_heat_pictures(self.seed))
        step = int(pose.t_s / CYCLE_S * PICTURES)
        factor = self.size_m * view.scale(pose.z_m) / (0.5 * WIDTH_PX) * (0.35 + 0.65 * strength)
        x, y = view.project(pose.x_m, self.base_m, pose.z_m)
        flame = _flame(self._heat[step % PICTURES]).resized(factor)
        smoke = _smoke(self._heat[(step // 2) % PICTURES], strength).resized(factor * 1.5)
        canvas.paste(smoke, x, y - 0.62 * HEIGHT_PX * factor)
        self._glow(canvas, view, (x, y), strength * (1 + 0.18 * math.sin(step * 2.4) + 0.1 * math.sin(step * 1.1)))
        canvas.paste(flame, x, y)
        x1, y1, x2, y2 = flame.bounds()
        return [Drawn("fire", Box(x + x1, y + y1, x + x2, y + y2))]

    def _strength(self, t_s: float) -> float:
        """0 when out, 1 in full fire."""
        rising, falling = (t_s - self.lit_s) / GROWTH_S, (self.out_s - t_s) / GROWTH_S
        return min(max(min(rising, falling), 0.0), 1.0)

    def _glow(self, canvas: Canvas, view: View, at: tuple[float, float], strength: float) -> None:
        size = int(3.4 * view.scale(7.0))
        ys, xs = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
        near = np.clip(1 - np.hypot(xs, ys), 0, 1) ** 2
        canvas.add(near[..., None] * np.array([8, 34, 72], np.float32) * strength, *at)


def _heat_pictures(seed: int) -> list[FloatImage]:
    """Heat [h, w] 0..1 of every picture of the cycle; the last is followed by the first without a jump."""
    rng = np.random.default_rng(seed)
    coarse, fine = (_endless(rng, cell_px) for cell_px in (46.0, 22.0))
    ys, xs = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    up = 1 - ys / HEIGHT_PX
    across = (xs - WIDTH_PX / 2) / (WIDTH_PX / 2)
    pictures: list[FloatImage] = []
    for step in range(PICTURES):
        slow, fast = (
            np.roll(noise, -round(step / PICTURES * turns * HEIGHT_PX), axis=0)
            for noise, turns in ((coarse, 1), (fine, 2))
        )
        bent = across + 0.42 * up * slow
        wide = 0.50 * (1 - up) ** 0.75 * (1 + 0.5 * np.sin(np.pi * up)) + 0.02
        body = 1.25 - (np.abs(bent) / wide) ** 1.6
        heat = body * (1.15 - 0.85 * up) - 0.62 * np.clip(up + 0.15, 0, 1) * (0.45 + fast)
        heat *= np.clip(up * 14, 0, 1)
        pictures.append(np.asarray(np.clip(heat, 0, 1), np.float32))
    return pictures


def _endless(rng: np.random.Generator, cell_px: float) -> FloatImage:
    """A texture [h, w] that goes on at its top where it ends at its bottom."""
    tall = texture(rng, (WIDTH_PX, 2 * HEIGHT_PX), cell_px=cell_px, octaves=3)
    share = np.linspace(0, 1, HEIGHT_PX, dtype=np.float32)[:, None]
    mixed = tall[:HEIGHT_PX] * share + tall[HEIGHT_PX:] * (1 - share)
    return np.asarray(mixed / np.sqrt(share**2 + (1 - share) ** 2), np.float32)


def _flame(heat: FloatImage) -> Sprite:
    ramp = np.array(RAMP, np.float32)
    colour = np.dstack([np.interp(heat, RAMP_AT, ramp[:, channel]) for channel in range(3)])
    alpha = np.clip((heat - 0.04) / (1.6 * HOT), 0, 1)[..., None]
    soft = np.asarray(cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 1.2), np.float32)[..., None]
    return Sprite((colour * soft).astype(np.float32), soft, WIDTH_PX / 2, HEIGHT_PX - 4)


def _smoke(heat: FloatImage, strength: float) -> Sprite:
    """Grey, thin and larger than the flame, from the same shapes."""
    cloud = cv2.GaussianBlur(heat, (0, 0), 14)
    fade = np.sin(np.linspace(0.0, 3.14, HEIGHT_PX, dtype=np.float32))[:, None] ** 2
    alpha = np.asarray(np.clip(cloud * fade * 0.85 * strength, 0, 0.5), np.float32)[..., None]
    return Sprite(np.asarray(alpha * np.array([74, 74, 76], np.float32)), alpha, WIDTH_PX / 2, HEIGHT_PX - 4)
