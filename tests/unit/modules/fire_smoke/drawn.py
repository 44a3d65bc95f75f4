"""Drawn bursts: fire and smoke, and what is like them but is none. Nothing here is fitted to: they are plain physics.

Every burst is a list of pictures [240, 320, 3] BGR, some three a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Burst = list[Picture]

HEIGHT, WIDTH, PICTURES = 240, 320, 14


def yard(*, light: float = 1.0, seed: int = 1) -> NDArray[np.float32]:
    """A yard with walls, windows, a floor with joints and grain."""
    random = np.random.default_rng(seed)
    scene = np.full((HEIGHT, WIDTH, 3), (118, 124, 128), np.float32)
    scene[150:] = (92, 98, 104)
    for x in range(0, WIDTH, 24):
        cv2.line(scene, (x, 150), (x * 2 - 160, HEIGHT), (70, 74, 80), 1)
    for y in range(0, 150, 12):
        cv2.line(scene, (0, y), (WIDTH, y), (100, 104, 110), 1)
    for x in range(20, WIDTH, 75):
        cv2.rectangle(scene, (x, 30), (x + 36, 90), (60, 52, 46), -1)
        cv2.rectangle(scene, (x, 30), (x + 36, 90), (150, 154, 158), 2)
    scene += cv2.GaussianBlur(random.normal(0, 18, scene.shape[:2]).astype(np.float32), (0, 0), 1.0)[..., None]
    return scene * light


def camera(scene: NDArray[Any], number: int) -> Picture:
    """A sensor's noise."""
    random = np.random.default_rng(1000 + number)
    return np.clip(scene + random.normal(0, 2.0, scene.shape), 0, 255).astype(np.uint8)


def burst(frame: Callable[[int], NDArray[Any]]) -> Burst:
    return [camera(frame(number), number) for number in range(PICTURES)]


def turbulence(seed: int, *, scale_px: float, rise_px: float, number: int) -> NDArray[np.float32]:
    """Noise 0..1 of two octaves that rises and changes as it does, [height, width]."""
    fields = []
    for octave in (1.0, 0.5):
        random = np.random.default_rng(seed + int(10 * octave))
        field = random.normal(size=(HEIGHT * 4, WIDTH)).astype(np.float32)
        smooth = cv2.GaussianBlur(field, (0, 0), scale_px * octave)
        start = int(rise_px * number / octave) % (HEIGHT * 3)
        fields.append(smooth[start : start + HEIGHT] / smooth.std())
    mixed = fields[0] + 0.7 * fields[1]
    return np.asarray(np.clip(0.5 + mixed / 4, 0, 1), np.float32)


def laid_over(scene: NDArray[Any], colour: Any, opacity: NDArray[np.float32]) -> NDArray[np.float32]:
    share = opacity[..., None]
    return np.asarray(scene * (1 - share) + np.asarray(colour, np.float32) * share, np.float32)


def grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    ys, xs = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return ys, xs


# --- what burns ---------------------------------------------------------------------------------------------------


def flames(*, size: float = 45, light: float = 1.0, at: tuple[int, int] = (170, 200)) -> Burst:
    """Flames standing on the ground: white-yellow inside, red outside, never the same shape twice."""
    scene = yard(light=light)
    ys, xs = grid()

    def frame(number: int) -> NDArray[Any]:
        noise = turbulence(5, scale_px=size / 5, rise_px=size / 1.5, number=number)
        height = (at[1] - ys) / size
        body = 1.1 - np.abs(xs - at[0]) / (size * 0.5) - np.abs(height - 0.35) * 0.9
        heat = np.clip(body + (noise - 0.5) * 3.2 * np.clip(height + 0.2, 0.1, 1), 0, 1.2) * (height > -0.05)
        red, green, blue = (np.clip(heat * gain - dark, 0, 255) for gain, dark in ((700, 30), (420, 90), (300, 190)))
        return laid_over(scene, np.dstack([blue, green, red]), np.clip(heat * 4, 0, 1).astype(np.float32))

    return burst(frame)


def smoke(*, shade: float = 150, start: int = 2, speed: float = 12.0) -> Burst:
    """Smoke from one place, wider and higher from picture to picture, thin at its rim."""
    scene = yard()
    ys, xs = grid()

    def frame(number: int) -> NDArray[Any]:
        age = max(0, number - start)
        noise = turbulence(9, scale_px=9, rise_px=9, number=number)
        reach = 20 + speed * age
        inside = 1.2 - np.hypot((xs - 160) / (0.75 * reach), (ys - (190 - 0.6 * reach)) / reach) + (noise - 0.5) * 1.2
        opacity = np.clip(inside * 1.6, 0, 0.97) * (age > 0)
        return laid_over(scene, (shade + (noise - 0.5) * 90)[..., None] * np.ones(3), opacity.astype(np.float32))

    return burst(frame)


def column(*, shade: float = 90) -> Burst:
    """A column that stands from the first picture to the last and billows."""
    scene = yard()
    ys, xs = grid()

    def frame(number: int) -> NDArray[Any]:
        noise = turbulence(21, scale_px=10, rise_px=7, number=number)
        inside = 1.25 - np.abs(xs - 170) / (45 + 0.25 * (HEIGHT - ys)) + (noise - 0.5) * 0.8
        shades = (shade + (noise - 0.5) * 150)[..., None] * np.ones(3)
        return laid_over(scene, shades, np.clip(inside * 3, 0, 1).astype(np.float32))

    return burst(frame)


# --- what does not ------------------------------------------------------------------------------------------------


def quiet() -> Burst:
    return burst(lambda _number: yard())


def walker(colour: tuple[int, int, int], *, step: float = 14) -> Burst:
    """Somebody in a jacket of one colour, with folds, walks by."""
    scene = yard()

    def frame(number: int) -> NDArray[Any]:
        drawn = scene.copy()
        x = int(30 + step * number)
        swing = int(9 * np.sin(number * 1.9))
        cv2.line(drawn, (x, 170), (x - swing, 215), (40, 38, 36), 9)
        cv2.line(drawn, (x, 170), (x + swing, 215), (46, 42, 40), 9)
        cv2.ellipse(drawn, (x, 140), (17, 36), swing / 3, 0, 360, colour, -1)
        cv2.line(drawn, (x - 6, 120), (x - 8 + swing // 2, 165), tuple(0.7 * c for c in colour), 3)
        cv2.circle(drawn, (x, 96), 9, (140, 165, 205), -1)
        return drawn

    return burst(frame)


def loiterer(colour: tuple[int, int, int]) -> Burst:
    """Somebody in a jacket of one colour stays at one place and moves the arms and the body."""
    scene = yard()

    def frame(number: int) -> NDArray[Any]:
        drawn = scene.copy()
        lean, arm = 8 * np.sin(number * 1.3), 22 * np.sin(number * 2.1)
        x = int(160 + lean)
        cv2.rectangle(drawn, (x - 12, 165), (x + 12, 220), (44, 40, 38), -1)
        cv2.ellipse(drawn, (x, 140), (22, 38), lean, 0, 360, colour, -1)
        for side in (-1, 1):
            cv2.line(drawn, (x + side * 18, 118), (x + side * 36, int(140 + side * arm)), colour, 10)
        cv2.circle(drawn, (x, 94), 10, (140, 165, 205), -1)
        return drawn

    return burst(frame)


def lamp(colour: tuple[int, int, int], *, on: Callable[[int], float], light: float = 1.0, x: int = 200) -> Burst:
    """A lamp with a glow around it; `on` is how bright it is on each picture, 0..1."""
    scene = yard(light=light)
    ys, xs = grid()
    distance = np.hypot(xs - x, ys - 110)

    def frame(number: int) -> NDArray[Any]:
        power = on(number)
        glow = np.exp(-distance / 22)[..., None] * np.asarray(colour, np.float32) * 1.6
        core = np.clip(12 - distance, 0, 4)[..., None] * 60
        return np.asarray(scene + power * (glow + core))

    return burst(frame)


def headlights() -> Burst:
    """By night, a car comes nearer: two over-exposed lights with a warm glow that grow and move apart."""
    scene = yard(light=0.2)
    ys, xs = grid()

    def frame(number: int) -> NDArray[Any]:
        near = 1 + number / 5
        drawn = scene.copy()
        for side in (-1, 1):
            distance = np.hypot(xs - (150 - 3 * number + side * 11 * near), ys - (120 + 5 * number))
            glow = np.exp(-distance / (7 * near))[..., None] * np.array((120, 190, 240), np.float32)
            drawn += 1.8 * glow + np.clip(4 * near - distance, 0, 3)[..., None] * 90
        return drawn

    return burst(frame)


def flag(colour: tuple[int, int, int]) -> Burst:
    """A flag of one colour waves; its folds shade it."""
    scene = yard()
    ys, xs = grid()

    def frame(number: int) -> NDArray[Any]:
        phase = (xs - 150) / 11 - number * 2.0
        wave = np.sin(phase) * (xs - 150) / 9
        inside = (xs > 150) & (xs < 240) & (np.abs(ys - 90 - wave) < 28)
        shading = 1 + 0.28 * np.cos(phase)
        drawn = scene.copy()
        drawn[inside] = (shading[..., None] * np.asarray(colour, np.float32))[inside]
        cv2.line(drawn, (149, 50), (149, 230), (60, 60, 60), 3)
        return drawn

    return burst(frame)


def television(*, seed: int = 3) -> Burst:
    """A screen in a dim room that shows something else on every picture, warm colours too."""
    scene = yard(light=0.4)
    random = np.random.default_rng(seed)

    def frame(_number: int) -> NDArray[Any]:
        drawn = scene.copy()
        blocks = random.uniform(0, 1, (4, 6, 3)) * (160, 220, 255)
        show = cv2.resize(blocks.astype(np.float32), (110, 64), interpolation=cv2.INTER_CUBIC)
        drawn[60:124, 100:210] = show
        cv2.rectangle(drawn, (98, 58), (211, 125), (20, 20, 20), 3)
        return drawn

    return burst(frame)


def sunset() -> Burst:
    """A sky from yellow to red with clouds that drift over it, and the sun."""
    ys, xs = grid()
    height = ys / HEIGHT
    sky = np.dstack([120 - 90 * height, 110 + 60 * height, 190 + 65 * height])
    sun = np.exp(-np.hypot(xs - 220, ys - 130) / 18)[..., None] * (150, 220, 255)
    ground = yard(light=0.3)

    def frame(number: int) -> NDArray[Any]:
        clouds = turbulence(33, scale_px=16, rise_px=0, number=0)
        drift = np.roll(clouds, int(0.6 * number), axis=1)
        drawn = laid_over(sky + sun, (110, 100, 140), (np.clip(drift - 0.5, 0, 0.4) * 1.5).astype(np.float32))
        drawn[160:] = ground[160:]
        return drawn

    return burst(frame)


def bricks_panned() -> Burst:
    """The camera turns along a wall of red bricks."""
    wall = np.full((HEIGHT, WIDTH * 2, 3), (120, 130, 140), np.float32)
    random = np.random.default_rng(8)
    for row in range(0, HEIGHT, 10):
        for left in range(-(row // 10 % 2) * 12, WIDTH * 2, 24):
            red = 150 + random.uniform(0, 70)
            cv2.rectangle(wall, (left + 1, row + 1), (left + 22, row + 8), (red * 0.32, red * 0.4, red), -1)
    return burst(lambda number: wall[:, 8 * number : 8 * number + WIDTH])


def exposure_step() -> Burst:
    """A red wall beside a bright window, and an exposure that hunts."""
    scene = yard()
    scene[60:150, 30:120] = (40, 70, 200)
    cv2.rectangle(scene, (200, 40), (280, 120), (225, 235, 240), -1)
    return burst(lambda number: scene * (0.7, 1.0, 1.3, 1.1)[number // 2 % 4])


def fog() -> Burst:
    """Fog comes up everywhere at once."""
    scene = yard()
    return burst(lambda number: laid_over(scene, (190, 188, 186), np.full((HEIGHT, WIDTH), number / 16, np.float32)))


def lights_out() -> Burst:
    scene = yard()
    return burst(lambda number: scene * (1.0 if number < 5 else 0.15))


def shadow() -> Burst:
    """The soft shadow of a cloud passes."""
    scene = yard()
    _, xs = grid()
    return burst(lambda n: scene * (1 - 0.5 / (1 + np.exp((xs - 25 * n) / 12)))[..., None])


def rain() -> Burst:
    scene = yard()

    def frame(number: int) -> NDArray[Any]:
        random = np.random.default_rng(number)
        streaks = np.zeros((HEIGHT, WIDTH), np.float32)
        for x, y in random.integers(0, (WIDTH, HEIGHT), (220, 2)):
            cv2.line(streaks, (int(x), int(y)), (int(x) + 2, int(y) + 14), 0.5, 1)
        return laid_over(scene, (200, 200, 200), streaks)

    return burst(frame)


def foliage(colour: tuple[int, int, int]) -> Burst:
    """Leaves tremble in the wind."""
    scene = yard()
    random = np.random.default_rng(4)
    leaves = random.uniform((100, 30), (260, 150), (900, 2))
    shades = random.uniform(0.55, 1.05, 900)

    def frame(number: int) -> NDArray[Any]:
        drawn = scene.copy()
        for (x, y), shade in zip(leaves, shades, strict=True):
            dx, dy = 2.5 * np.sin(number * 2.3 + x / 17), 1.5 * np.cos(number * 1.7 + y / 13)
            cv2.ellipse(drawn, (int(x + dx), int(y + dy)), (4, 2), x * 7, 0, 360, tuple(shade * c for c in colour), -1)
        return drawn

    return burst(frame)


def lorry() -> Burst:
    """A plain white lorry drives into view and stops."""
    scene = yard()

    def frame(number: int) -> NDArray[Any]:
        drawn = scene.copy()
        front = min(20 + 25 * number, 230)
        cv2.rectangle(drawn, (-10, 60), (front, 190), (215, 216, 218), -1)
        cv2.rectangle(drawn, (-10, 60), (front, 190), (120, 120, 122), 2)
        cv2.rectangle(drawn, (front - 34, 75), (front - 6, 115), (60, 55, 50), -1)
        for wheel in (front - 30, front - 150):
            cv2.circle(drawn, (wheel, 192), 14, (30, 30, 30), -1)
        return drawn

    return burst(frame)


def cuts() -> Burst:
    """Another camera on every picture, some with red things."""
    return [camera(np.roll(yard(seed=n), 37 * n, axis=(0, 1))[:, :: -1 if n % 2 else 1], n) for n in range(PICTURES)]
