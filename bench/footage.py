"""Clips the rows are measured on: drawn once and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from services.cli.demo.encoder import encode
from services.cli.demo.scene import Scene
from services.cli.demo.scenes import scene
from services.cli.demo.sprite import Image
from services.cli.demo.stage import frames

CACHE = Path(__file__).parent / ".cache"
FULL_HD = (1920, 1080)
# What cameras of this size send out of the box; a drawn picture would otherwise be far cheaper to decode.
BITRATE_BPS = 4_000_000


def idle_clip(*, seconds: int = 60) -> Path:
    """1080p25 H.264 with a keyframe every two seconds: a street where nothing moves but the sensor's noise."""
    return _clip("idle-1080p25", "empty", seconds=seconds, fps=25, size=FULL_HD, bitrate_bps=BITRATE_BPS)


def active_clip(*, seconds: int = 20) -> Path:
    """1080p25 H.264: somebody comes, stops and goes."""
    return _clip("active-1080p25", "entrance", seconds=seconds, fps=25, size=FULL_HD, bitrate_bps=BITRATE_BPS)


def visits_clip(*, seconds: int = 90, seed: int = 1) -> Path:
    """720p12 with a keyframe every ten seconds: quiet for most of the time, with short visits."""
    return _clip(f"visits-{seed}", "shop", seconds=seconds, fps=12, size=(1280, 720), gop=120, seed=seed)


def camera_clip(index: int, *, seconds: int = 20) -> Path:
    """720p12 for one of several cameras."""
    name = ("entrance", "yard")[index % 2]
    return _clip(f"camera-{index}", name, seconds=seconds, fps=12, size=(1280, 720), seed=index + 1)


def _clip(
    name: str,
    kind: str,
    *,
    seconds: int,
    fps: int,
    size: tuple[int, int],
    gop: int | None = None,
    seed: int = 1,
    bitrate_bps: int | None = None,
) -> Path:
    path = CACHE / f"{name}-{seconds}s.mp4"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        drawn = scene(kind, seconds=seconds, size=size, fps=fps, seed=seed)
        encode(_images(drawn), path, fps=fps, size=size, gop=gop, bitrate_bps=bitrate_bps)
    return path


def _images(drawn: Scene) -> Iterator[Image]:
    for frame in frames(drawn):
        yield frame.image
