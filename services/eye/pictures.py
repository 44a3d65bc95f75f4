"""Pictures in and out of the eye: decoding at the size that is needed, sharpness, snapshots and crops."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from services.eye.lettering import lettering
from shared.domain.box import Box
from shared.domain.errors import Permanent
from shared.domain.zone import Zone

Image = NDArray[np.uint8]

# libjpeg scales while it decodes (in the DCT domain), which costs a fraction of decoding in full.
_REDUCED = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}
_COLOUR = (64, 200, 32)
_ZONE_COLOUR = (32, 160, 255)
_CROP_MARGIN = 0.15
_SHARP_VARIANCE = 150.0
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]


def decode(jpeg: bytes, *, size: tuple[int, int], at_least: int = 0) -> Image:
    """A JPEG of `size` (width, height) → BGR, scaled down by 2 or 4 while its long side stays ≥ `at_least` pixels.

    `at_least` 0 decodes in full. Raises `Permanent` when the bytes are no JPEG.
    """
    factor = 1
    while at_least and factor < 4 and max(size) // (factor * 2) >= at_least:
        factor *= 2
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), _REDUCED[factor]) if jpeg else None
    if image is None:
        raise Permanent("a frame's JPEG cannot be decoded")
    return np.asarray(image, np.uint8)


def sharpness(image: Image, box: Box) -> float:
    """How sharp the picture is inside the box (pixels of `image`), 0..1: variance of the Laplacian, saturating.

    Source: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (2000).
    """
    crop = _cut(image, box)
    if crop.size == 0:
        return 0.0
    variance = float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())
    return variance / (variance + _SHARP_VARIANCE)


def annotated(image: Image, box: Box, caption: str) -> bytes:
    """The whole picture as JPEG with the object framed and named."""
    canvas = image.copy()
    height, width = canvas.shape[:2]
    thickness = max(2, round(max(height, width) / 480))
    x1, y1, x2, y2 = (round(value) for value in box.clipped(width - 1, height - 1).as_xyxy())
    cv2.rectangle(canvas, (x1, y1), (x2, y2), _COLOUR, thickness, cv2.LINE_AA)
    scale = max(0.45, max(height, width) / 1400)
    (text_width, text_height), base = cv2.getTextSize(caption, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    left = min(x1, max(0, width - text_width - 8))
    top = y1 - text_height - base - 4 if y1 - text_height - base - 4 >= 0 else min(y2, height - text_height - base - 4)
    cv2.rectangle(canvas, (left, top), (left + text_width + 8, top + text_height + base + 4), _COLOUR, cv2.FILLED)
    origin = (left + 4, top + text_height + 2)
    cv2.putText(
        canvas, caption, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), max(1, thickness // 2), cv2.LINE_AA
    )
    return _jpeg(canvas)


def overlaid(image: Image, tracks: Sequence[tuple[Box, str]], zones: Sequence[Zone]) -> bytes:
    """The whole picture as JPEG with everything framed and named, and the zones outlined.

    A zone whose name no font of the machine can write is called by its place in the list.
    """
    canvas = image.copy()
    height, width = canvas.shape[:2]
    thickness = max(1, round(max(height, width) / 640))
    for place, zone in enumerate(zones, 1):
        corners = np.array([(round(x * width), round(y * height)) for x, y in zone.polygon.points], np.int32)
        cv2.polylines(canvas, [corners], isClosed=True, color=_ZONE_COLOUR, thickness=thickness, lineType=cv2.LINE_AA)
        left, top = int(corners[:, 0].min()), int(corners[:, 1].min())
        _name(canvas, zone.name, left, top, otherwise=f"zone {place}", thickness=thickness)
    for box, caption in tracks:
        x1, y1, x2, y2 = (round(value) for value in box.clipped(width - 1, height - 1).as_xyxy())
        cv2.rectangle(canvas, (x1, y1), (x2, y2), _COLOUR, thickness + 1, cv2.LINE_AA)
        _write(canvas, caption, x1, y1, colour=_COLOUR, thickness=thickness)
    return _jpeg(canvas)


def _name(canvas: Image, name: str, left: int, bottom: int, *, otherwise: str, thickness: int) -> None:
    """The name of a zone as `_write` would: OpenCV's own letters are Latin ones."""
    height, width = canvas.shape[:2]
    letters = None if name.isascii() else lettering(name, max(12, round(max(height, width) / 60)))
    if letters is None:
        text = name if name.isascii() else otherwise
        _write(canvas, text, left, bottom, colour=_ZONE_COLOUR, thickness=thickness)
        return
    letters = letters[: height - 6, : width - 6]
    high, wide = letters.shape
    left = max(0, min(left, width - wide - 6))
    top = max(0, min(bottom - high - 6, height - high - 6))
    bar = np.array(_ZONE_COLOUR, np.float32) * (1 - np.pad(letters, 3)[..., None] / np.float32(255))
    canvas[top : top + high + 6, left : left + wide + 6] = bar.astype(np.uint8)


def _write(canvas: Image, text: str, left: int, bottom: int, *, colour: tuple[int, int, int], thickness: int) -> None:
    """A line of text on a bar that stands on `bottom`, kept inside the picture."""
    height, width = canvas.shape[:2]
    scale = max(0.4, max(height, width) / 1800)
    (text_width, text_height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    left = max(0, min(left, width - text_width - 6))
    top = max(0, bottom - text_height - base - 4)
    cv2.rectangle(canvas, (left, top), (left + text_width + 6, top + text_height + base + 4), colour, cv2.FILLED)
    origin = (left + 3, top + text_height + 2)
    cv2.putText(canvas, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), thickness, cv2.LINE_AA)


def crop(image: Image, box: Box) -> bytes | None:
    """The object with a margin around it as JPEG, or None when nothing of it lies in the picture."""
    dx, dy = box.width * _CROP_MARGIN, box.height * _CROP_MARGIN
    part = _cut(image, Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy))
    return _jpeg(part) if part.size else None


def _cut(image: Image, box: Box) -> Image:
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(value) for value in box.clipped(width, height).as_xyxy())
    return image[y1:y2, x1:x2]


def _jpeg(image: Image) -> bytes:
    done, encoded = cv2.imencode(".jpg", image, _QUALITY)
    if not done:
        raise Permanent("a picture cannot be encoded as JPEG")
    return encoded.tobytes()
