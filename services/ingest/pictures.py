"""From decoded frames to what is needed of them: a tiny grey picture, a JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from services.ingest.faults import SourceFailed
from shared.domain.camera import CameraFault

_TINY_SIDE = 256
_LEAST_SIDE = 16
_PLANAR = ("yuv420p", "yuvj420p")
# Video keeps brightness in 16..235 and colour in 16..240; JPEG uses all of 0..255.
_LUMA = (255 / 219, -16 * 255 / 219)
_CHROMA = (255 / 224, 128 - 128 * 255 / 224)


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A compressed picture; `source_*` is the size it had in the stream."""

    content: bytes
    width: int
    height: int
    source_width: int
    source_height: int


class PictureMaker:
    """Keeps the scalers of one stream; scaling and colour conversion are one pass, and nothing is done twice."""

    def __init__(self, *, max_side: int, jpeg_quality: int) -> None:
        self._max_side = max_side
        self._quality = jpeg_quality
        self._tiny = VideoReformatter()
        self._full = VideoReformatter()
        self._narrow = VideoReformatter()

    def tiny(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Grey, uint8, height × width, at most 256 wide or high. Raises `SourceFailed` for mere dots."""
        _check(frame)
        width, height = fitted(frame.width, frame.height, max_side=_TINY_SIDE, even=False)
        small = self._tiny.reformat(frame, width, height, "gray", interpolation=Interpolation.FAST_BILINEAR)
        return _rows(small, width)

    def jpeg(self, frame: VideoFrame, *, most_width: int | None = None) -> Jpeg:
        """The frame as a JPEG of its own size, or scaled down to `max_side` and to `most_width` (pixels).

        The planes go into the JPEG as the camera sent them, with their range stretched: a way through RGB and back
        costs as much as the coding. Like most players of still pictures it takes all video for BT.601.
        """
        _check(frame)
        width, height = fitted(frame.width, frame.height, max_side=self._max_side)
        scaler = self._full
        if most_width is not None and most_width < width:
            width, height = _narrowed(frame.width, frame.height, width=most_width)
            scaler = self._narrow
        scaled = (width, height) != (frame.width, frame.height)
        if scaled or frame.format.name not in _PLANAR:
            how = Interpolation.AREA if scaled else Interpolation.BILINEAR
            frame_of_size = scaler.reformat(
                frame, width, height, "yuvj420p", interpolation=how, dst_color_range=ColorRange.JPEG
            )
        else:
            frame_of_size = frame
        y, u, v = _full_range(frame_of_size)
        content = simplejpeg.encode_jpeg_yuv_planes(y, u, v, quality=self._quality, fastdct=True)
        return Jpeg(content, width, height, frame.width, frame.height)


def _full_range(frame: VideoFrame) -> list[NDArray[np.uint8]]:
    planes = [_plane(frame, index) for index in range(3)]
    if frame.format.name == "yuvj420p" or frame.color_range == ColorRange.JPEG:
        return planes
    factors = (_LUMA, _CHROMA, _CHROMA)
    return [
        np.asarray(cv2.convertScaleAbs(plane, alpha=alpha, beta=beta), np.uint8)
        for plane, (alpha, beta) in zip(planes, factors, strict=True)
    ]


def _plane(frame: VideoFrame, index: int) -> NDArray[np.uint8]:
    plane = frame.planes[index]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return np.ascontiguousarray(rows[: plane.height, : plane.width])


def fitted(width: int, height: int, *, max_side: int, even: bool = True) -> tuple[int, int]:
    """The size that fits into `max_side` with the same shape; never larger, never zero."""
    factor = min(1.0, max_side / max(width, height))
    if factor == 1.0:
        return width, height
    step = 2 if even else 1
    return tuple(max(step, round(side * factor / step) * step) for side in (width, height))  # type: ignore[return-value]


def _narrowed(width_now: int, height_now: int, *, width: int) -> tuple[int, int]:
    """The size of that width with the same shape; even, as colours have half of it."""
    return max(2, width // 2 * 2), max(2, round(height_now * width / width_now / 2) * 2)


def _rows(frame: VideoFrame, row_bytes: int) -> NDArray[np.uint8]:
    """The rows of a packed picture without their padding; copied only where there is some."""
    plane = frame.planes[0]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return np.ascontiguousarray(rows[: frame.height, :row_bytes])


def _check(frame: VideoFrame) -> None:
    if min(frame.width, frame.height) < _LEAST_SIDE:
        detail = f"the picture has {frame.width}×{frame.height} pixels, {_LEAST_SIDE}×{_LEAST_SIDE} are the least"
        raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, detail)
