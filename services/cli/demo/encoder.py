"""Scenes as video files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.container
import av.video

from services.cli.demo.scene import Scene
from services.cli.demo.sprite import Image
from services.cli.demo.stage import frames
from services.cli.demo.truth import Truth, TruthFrame, truth_path, write_truth
from shared.domain.errors import UserError

Codec = Literal["h264", "h265", "mjpeg"]

CONTAINERS = {
    ".mp4": "mp4", ".mkv": "matroska", ".ts": "mpegts", ".avi": "avi",
    ".h264": "h264", ".264": "h264", ".h265": "hevc", ".265": "hevc", ".mjpeg": "mjpeg",
}  # fmt: skip
ENCODERS: dict[Codec, str] = {"h264": "libx264", "h265": "libx265", "mjpeg": "mjpeg"}
FIXED_CODECS: dict[str, Codec] = {"h264": "h264", "hevc": "h265", "mjpeg": "mjpeg"}
"""Raw streams hold one codec only."""

GOP_S = 2.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A written clip, and its truth where that was written too."""

    path: Path
    truth: Truth
    truth_path: Path | None
    duration_s: float


def render(
    scene: Scene,
    path: Path,
    *,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
    codec: Codec = "h264",
    gop: int | None = None,
    bitrate_bps: int | None = None,
    truth: bool = True,
) -> Clip:
    """Draw a scene and write it as a clip, with its truth beside it; blocks for about a third of its length.

    The container follows from the path's ending; `gop` is the number of frames from one keyframe to the
    next (two seconds if not given); without `bitrate_bps` the quality is constant. `fps` and `size` replace
    the scene's own (a size of another shape needs a scene made for it). A clip appears whole or not at all.
    Raises UserError for an ending or a codec that cannot be written.
    """
    scene = replace(scene, fps=fps or scene.fps, size=size or scene.size)
    seen: list[TruthFrame] = []

    def images() -> Iterator[Image]:
        for frame in frames(scene):
            seen.append(TruthFrame(frame.index, frame.t_s, frame.truth))
            yield frame.image

    encode(images(), path, fps=scene.fps, size=scene.size, codec=codec, gop=gop, bitrate_bps=bitrate_bps)
    known = Truth(scene.name, scene.size, scene.fps, tuple(seen))
    if truth:
        write_truth(truth_path(path), known)
    return Clip(path, known, truth_path(path) if truth else None, len(seen) / scene.fps)


def encode(
    images: Iterable[Image],
    path: Path,
    *,
    fps: float,
    size: tuple[int, int],
    codec: Codec = "h264",
    gop: int | None = None,
    bitrate_bps: int | None = None,
) -> None:
    """Write BGR pictures [h, w, 3] of one size as a clip; see `render`."""
    container_format = _container_format(path, codec)
    if size[0] % 2 or size[1] % 2:
        raise UserError("size", f"{size[0]}×{size[1]} cannot be encoded", remedy="use even numbers")
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with av.open(str(unfinished), "w", format=container_format) as container:
            stream = _stream(container, codec, fps, size, gop or max(1, round(GOP_S * fps)), bitrate_bps)
            for image in images:
                picture = av.VideoFrame.from_ndarray(image, format="bgr24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _container_format(path: Path, codec: Codec) -> str:
    known = CONTAINERS.get(path.suffix.lower())
    if known is None:
        raise UserError("path", f"cannot write {path.name}", remedy=f"end it with {', '.join(CONTAINERS)}")
    if FIXED_CODECS.get(known, codec) != codec:
        raise UserError("codec", f"{path.suffix} cannot hold {codec}", remedy="use .mp4, .mkv, .ts or .avi")
    return known


def _stream(
    container: av.container.OutputContainer,
    codec: Codec,
    fps: float,
    size: tuple[int, int],
    gop: int,
    bitrate_bps: int | None,
) -> av.video.VideoStream:
    rate = Fraction(fps).limit_denominator(1000)
    stream = container.add_stream(
        ENCODERS[codec], rate=rate, options=_options(codec, gop, constant_quality=bitrate_bps is None)
    )
    if not isinstance(stream, av.video.VideoStream):
        raise TypeError(f"{ENCODERS[codec]} does not encode video")
    stream.width, stream.height = size
    stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    stream.codec_context.thread_count = 1
    stream.codec_context.gop_size = gop
    if bitrate_bps:
        stream.bit_rate = bitrate_bps
    return stream


def _options(codec: Codec, gop: int, *, constant_quality: bool) -> dict[str, str]:
    """One thread, no scene-cut keyframes, no B-frames: the same bytes every time, and the order cameras send."""
    if codec == "mjpeg":
        return {"qscale": "4"}
    quality = {"crf": "26"} if constant_quality else {}
    if codec == "h265":
        params = f"log-level=error:pools=none:frame-threads=1:keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0"
        return {"preset": "ultrafast", "x265-params": params} | quality
    return {"preset": "superfast", "tune": "zerolatency", "keyint_min": str(gop), "sc_threshold": "0"} | quality
