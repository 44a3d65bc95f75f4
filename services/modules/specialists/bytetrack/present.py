"""What the eye tracks on a camera, out of the state it keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.optimize import linear_sum_assignment

from shared.domain.box import Box
from shared.domain.detection import Detection
from shared.vision.suppression import iou_matrix


@dataclass(frozen=True, slots=True)
class Present:
    """A track of the camera; `box` in shares 0..1 of the picture's sides."""

    track_id: int
    label: str
    box: Box


def present_tracks(state: bytes | None, *, at: datetime, within_s: float) -> tuple[Present, ...]:
    """The tracks of a state that is at most `within_s` seconds off `at`; none of one that cannot be read."""
    if state is None:
        return ()
    try:
        known = json.loads(state)
        if abs((at - datetime.fromisoformat(known["last_at"])).total_seconds()) > within_s:
            return ()
        width, height = (float(side) for side in known["size"])
        return tuple(
            Present(int(track["id"]), str(track["label"]), Box(*track["box"]).scaled(1 / width, 1 / height))
            for track in known["tracks"]
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ()


def matched(
    detections: Sequence[Detection], present: Sequence[Present], *, size: tuple[int, int], least_iou: float
) -> dict[int, int]:
    """Which detection (by its number) is which track: the assignment of most overlap in all.

    Boxes of detections are in pixels of a picture of `size` (width, height). Pairs that overlap by less than
    `least_iou` are nobody's.
    """
    if not detections or not present:
        return {}
    boxes = np.array([one.box.as_xyxy() for one in detections])
    tracks = np.array([one.box.scaled(*size).as_xyxy() for one in present])
    overlap = iou_matrix(boxes, tracks)
    rows, columns = linear_sum_assignment(-overlap)
    return {
        int(row): present[column].track_id
        for row, column in zip(rows, columns, strict=True)
        if overlap[row, column] >= least_iou
    }
