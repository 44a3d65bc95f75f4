"""Drawn clips: a still scene with some noise, and a box that walks through it when told."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

Box = tuple[float, float, float, float]
Mover = Callable[[float], Box | None]


def draw_clip(
    path: Path,
    *,
    seconds: float,
    size: tuple[int, int] = (320, 240),
    fps: int = 10,
    gop: int = 20,
    noise: float = 0.0,
    mover: Mover = lambda _: None,
    codec: str = "libx264",
    format_name: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write the clip and return its path. `mover` gives the box (x, y, width, height in pixels) at each second."""
    width, height = size
    chance = np.random.default_rng(7)
    ground = cv2.resize(chance.integers(60, 200, (6, 8, 3), dtype=np.uint8), size, interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w", format=format_name) as container:
        stream = container.add_stream(codec, rate=fps, options=options or _usual(codec))
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = gop
        for index in range(round(seconds * fps)):
            picture = ground.copy()
            box = mover(index / fps)
            if box:
                x, y, wide, high = (round(value) for value in box)
                cv2.rectangle(picture, (x, y), (x + wide, y + high), (30, 40, 220), -1)
            if noise:
                grain = chance.normal(0, noise, (height, width, 1))
                picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _usual(codec: str) -> dict[str, str]:
    return {"preset": "ultrafast", "crf": "26", "threads": "1"} if codec.startswith("libx26") else {}


def walker(start_s: float, end_s: float, *, width: float = 320, size: tuple[float, float] = (20, 60)) -> Mover:
    """Somebody who crosses the picture from left to right between the two times."""

    def at(second: float) -> Box | None:
        if not start_s <= second <= end_s:
            return None
        share = (second - start_s) / (end_s - start_s)
        return share * (width - size[0]), 120.0, *size

    return at
