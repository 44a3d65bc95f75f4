"""Boxes as arrays: overlap and non-maximum suppression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box


def iou_matrix(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Intersection over union of boxes [n, 4] and [m, 4] (xyxy) → [n, m]."""
    left_top = np.maximum(a[:, None, :2], b[None, :, :2])
    right_bottom = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(right_bottom - left_top, 0, None)
    intersection = (sides[..., 0] * sides[..., 1]).astype(np.float64)
    area_a, area_b = (np.prod(np.clip(x[:, 2:] - x[:, :2], 0, None), axis=1) for x in (a, b))
    union = area_a[:, None] + area_b[None, :] - intersection
    overlap: NDArray[np.float64] = np.zeros_like(intersection)
    np.divide(intersection, union, out=overlap, where=union > 0)
    return overlap


def suppress(
    boxes: NDArray[np.floating],
    scores: NDArray[np.floating],
    *,
    classes: NDArray[np.integer],
    iou: float,
    limit: int = 300,
) -> NDArray[np.intp]:
    """Greedy non-maximum suppression within each class: indices kept, best score first.

    Only the `limit` best candidates are looked at, so a crowd or a blind model costs a bounded time.
    """
    order = np.argsort(-scores, kind="stable")[:limit]
    if len(order) < 2:
        return order
    overlapping = iou_matrix(boxes[order], boxes[order]) > iou
    overlapping &= classes[order][:, None] == classes[order][None, :]
    alive = np.ones(len(order), dtype=bool)
    for i in range(len(order)):
        if alive[i]:
            alive[i + 1 :] &= ~overlapping[i, i + 1 :]
    return order[alive]


def covered(a: Box, b: Box) -> float:
    """The share 0..1 of the smaller box that lies inside the other."""
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    smaller = min(a.area, b.area)
    return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0
