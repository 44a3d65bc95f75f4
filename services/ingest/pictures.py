"""From decoded frames to what is needed of them: a tiny grey picture, a JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from services.ingest.faults import SourceFailed
from shared.domain.camera import CameraFault

_TINY_SIDE = 256
_LEAST_SIDE = 16


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
        self._quality = [int(cv2.IMWRITE_JPEG_QUALITY), jpeg_quality]
        self._tiny = VideoReformatter()
        self._full = VideoReformatter()

    def tiny(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Grey, uint8, height × width, at most 256 wide or high. Raises `SourceFailed` for mere dots."""
        _check(frame)
        width, height = fitted(frame.width, frame.height, max_side=_TINY_SIDE, even=False)
        small = self._tiny.reformat(frame, width, height, "gray", interpolation=Interpolation.FAST_BILINEAR)
        return _rows(small, width)

    def jpeg(self, frame: VideoFrame) -> Jpeg:
        """The frame as a JPEG of its own size, or scaled down to `max_side`."""
        _check(frame)
        width, height = fitted(frame.width, frame.height, max_side=self._max_side)
        scaled = (width, height) != (frame.width, frame.height)
        how = Interpolation.AREA if scaled else Interpolation.BILINEAR
        bgr = self._full.reformat(frame, width, height, "bgr24", interpolation=how)
        coded, content = cv2.imencode(".jpg", _rows(bgr, width * 3).reshape(height, width, 3), self._quality)
        if not coded:
            raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, "the picture cannot be stored as JPEG")
        return Jpeg(content.tobytes(), width, height, frame.width, frame.height)


def fitted(width: int, height: int, *, max_side: int, even: bool = True) -> tuple[int, int]:
    """The size that fits into `max_side` with the same shape; never larger, never zero."""
    factor = min(1.0, max_side / max(width, height))
    if factor == 1.0:
        return width, height
    step = 2 if even else 1
    return tuple(max(step, round(side * factor / step) * step) for side in (width, height))  # type: ignore[return-value]


def _rows(frame: VideoFrame, row_bytes: int) -> NDArray[np.uint8]:
    """The rows of a packed picture without their padding; copied only where there is some."""
    plane = frame.planes[0]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return np.ascontiguousarray(rows[: frame.height, :row_bytes])


def _check(frame: VideoFrame) -> None:
    if min(frame.width, frame.height) < _LEAST_SIDE:
        detail = f"the picture has {frame.width}×{frame.height} pixels, {_LEAST_SIDE}×{_LEAST_SIDE} are the least"
        raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, detail)
