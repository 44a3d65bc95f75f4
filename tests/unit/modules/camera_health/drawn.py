"""A drawn yard before a camera, its pictures as a camera gives them, and what befalls cameras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialist import Case, Picture
from services.modules.specialists.camera_health.settings import CameraHealthSettings
from services.modules.specialists.camera_health.specialist import CameraHealth

Image = NDArray[np.uint8]
Change = Callable[[Image], Image]

WIDTH, HEIGHT = 640, 360
AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def yard(seed: int = 1) -> Image:
    """Walls with windows, a ground with slabs, some boxes: edges all over."""
    draw = np.random.default_rng(seed)
    image = np.full((HEIGHT, WIDTH, 3), (150, 160, 165), np.uint8)
    image[HEIGHT // 2 :] = (95, 105, 110)
    for _ in range(70):
        x, y = int(draw.integers(0, WIDTH)), int(draw.integers(0, HEIGHT))
        size = (int(draw.integers(15, 90)), int(draw.integers(10, 70)))
        colour = tuple(int(value) for value in draw.integers(40, 215, 3))
        cv2.rectangle(image, (x, y), (x + size[0], y + size[1]), colour, -1)
    for _ in range(25):
        ends = draw.integers(0, (WIDTH, HEIGHT), (2, 2))
        cv2.line(image, ends[0].tolist(), ends[1].tolist(), (70, 70, 70), 2)
    return image


def walker(image: Image, place: float) -> Image:
    """With somebody large walking through."""
    shown = image.copy()
    x = int(place * WIDTH)
    cv2.rectangle(shown, (x, 90), (x + 60, 330), (40, 30, 120), -1)
    cv2.circle(shown, (x + 30, 70), 26, (150, 180, 220), -1)
    return shown


def shifted(right: float, down: float = 0.0, *, turn: float = 0.0, zoom: float = 1.0) -> Change:
    """As after the camera was moved, in shares of the picture; what comes into view is another yard's."""

    def change(image: Image) -> Image:
        beyond = cv2.copyMakeBorder(image, HEIGHT, HEIGHT, WIDTH, WIDTH, cv2.BORDER_REFLECT)
        motion = cv2.getRotationMatrix2D((1.5 * WIDTH, 1.5 * HEIGHT), turn, zoom)
        motion[:, 2] += (right * WIDTH - WIDTH, down * HEIGHT - HEIGHT)
        return np.asarray(cv2.warpAffine(beyond, motion, (WIDTH, HEIGHT)), np.uint8)

    return change


def blurred(image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 3), np.uint8)


def hand(image: Image) -> Image:
    """Before the lens, letting some light in at one side."""
    shade = np.linspace(70, 110, WIDTH, dtype=np.uint8)
    return np.broadcast_to(shade[None, :, None], image.shape).copy()


def card(image: Image) -> Image:
    """Over the left two thirds."""
    shown = image.copy()
    shown[:, : WIDTH * 2 // 3] = (120, 130, 140)
    return shown


def black(image: Image) -> Image:
    return np.full_like(image, 4)


def glaring(image: Image) -> Image:
    return np.asarray(np.clip(image.astype(np.float32) * 2.5 + 120, 0, 255), np.uint8)


def dimmed(share: float) -> Change:
    return lambda image: np.asarray(image * share, np.uint8)


def infrared(image: Image) -> Image:
    """By night: without colours, lit from the camera, dark towards the edges."""
    grey = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2).astype(np.float32)
    x, y = np.meshgrid(np.linspace(-1, 1, WIDTH), np.linspace(-1, 1, HEIGHT))
    light = np.exp(-(np.square(x) + np.square(y)))[..., None]
    return np.asarray(np.clip(grey * 0.6 * light + 8, 0, 255), np.uint8)


def lamp(image: Image) -> Image:
    """Somebody switched on a lamp at the left."""
    light = 150 * np.exp(-np.square((np.arange(WIDTH) - 180) / 150))[None, :, None]
    return np.asarray(np.clip(image + light, 0, 255), np.uint8)


@dataclass
class Watched:
    """A camera under watch: each look is a burst of four, a minute after the last one."""

    settings: dict[str, Any] = field(default_factory=dict)
    noise: float = 2.0
    every_s: float = 60.0
    at: datetime = AT
    remembered: bytes | None = None
    bursts: int = 0

    def look(self, image: Image, change: Change = lambda image: image, *, walk: bool = True) -> dict[str, Any]:
        """The results of one look."""
        self.at += timedelta(seconds=self.every_s)
        return self.look_again(self._burst(image, change, walk=walk))

    def look_again(self, pictures: tuple[Picture, ...]) -> dict[str, Any]:
        case = Case(pictures, "scene", self.at, camera="yard", remembered=self.remembered)
        found = CameraHealth(CameraHealthSettings(**self.settings)).examine(case)
        self.remembered = found.remember or self.remembered
        return dict(found.results)

    def labels(self, *looks: dict[str, Any]) -> list[list[str]]:
        return [[one["label"] for one in look["detections"]] for look in looks]

    def usual(self, looks: int = 4) -> Image:
        """A yard it has got used to."""
        image = yard()
        for _ in range(looks):
            self.look(image)
        return image

    def _burst(self, image: Image, change: Change, *, walk: bool) -> tuple[Picture, ...]:
        self.bursts += 1
        draw = np.random.default_rng(self.bursts)
        pictures = []
        for number in range(4):
            shown = walker(image, (self.bursts * 0.13 + number * 0.02) % 0.9) if walk else image
            light = change(shown).astype(np.float32) + draw.normal(0, self.noise, (*image.shape[:2], 1))
            pictures.append(Picture(np.asarray(np.clip(light, 0, 255), np.uint8)))
        return tuple(pictures)
