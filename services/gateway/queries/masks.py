"""Zones as a black and white picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image
from sqlalchemy.orm import Session

from services.gateway.queries.cameras import display_size, one_camera
from shared.domain.camera import CameraStatus

Mask = npt.NDArray[np.bool_]


def zone_mask(session: Session, slug: str, status: CameraStatus | None, *, account_id: int | None) -> bytes:
    """A PNG at the camera's resolution: white (255, 255, 255) in its zones, else black. Raises `NotFound`."""
    camera = one_camera(session, slug, account_id=account_id)
    size = display_size(camera, status)
    mask = np.zeros((size.height, size.width), dtype=np.bool_)
    for zone in camera.zones:
        fill(mask, [(x * size.width, y * size.height) for x, y in zone.points])
    return _png(mask)


def fill(mask: Mask, points: Sequence[tuple[float, float]]) -> None:
    """Set the pixels (of `mask`, H × W) whose middles lie within the polygon (pixels, from the picture's corner).

    Even-odd along each row: the middles between one crossing of an edge and the next are inside. What the edge runs
    through exactly belongs to the area on its left and top, so that areas side by side neither overlap nor gape.
    """
    height, width = mask.shape
    crossings = np.zeros((height, width + 1), dtype=np.uint8)
    for ends in zip(points, [*points[1:], points[0]], strict=True):
        (x1, y1), (x2, y2) = sorted(ends, key=lambda point: point[1])
        rows = np.arange(max(0, int(np.ceil(y1 - 0.5))), min(height, int(np.ceil(y2 - 0.5))))
        if not len(rows):
            continue
        at = x1 + (rows + 0.5 - y1) * (x2 - x1) / (y2 - y1)
        columns = np.clip(np.ceil(at - 0.5), 0, width).astype(np.intp)
        crossings[rows, columns] ^= 1  # a row is there once per edge
    mask |= np.bitwise_xor.accumulate(crossings, axis=1)[:, :width].astype(np.bool_)


def _png(mask: Mask) -> bytes:
    picture = Image.fromarray(mask.astype(np.uint8) * 255).convert("RGB")
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    return content.getvalue()
