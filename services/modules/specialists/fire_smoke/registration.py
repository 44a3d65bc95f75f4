"""Which pictures of a burst show the same view, and how each lies over the others.

Two pictures can only be compared where their background is the same. A burst is therefore cut into shots: runs of
pictures whose background lies still, or can be laid over each other (a shaking or slowly moving camera).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Motion = NDArray[np.float64]

_IDENTITY: Final[Motion] = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_CORNERS: Final = 240
_LEAST_CORNERS: Final = 16
_STILL_PX: Final = 0.7
_STILL_SHARE: Final = 0.35
_AGREE_PX: Final = 2.5
_AGREE_SHARE: Final = 0.4
_AGREE_CELLS: Final = 12
_LEAST_OVERLAP: Final = 0.5
_MOST_ZOOM: Final = 1.25
_MOST_TURN: Final = 0.15
_FEATURELESS_STEP: Final = 16.0
_STEADY_RUN: Final = 4
_GRID: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """Pictures over one background.

    `frames` [n, height, width, 3] BGR, laid over the first of them; `valid` [height, width] bool is where all of
    them have pixels. `first` is the place of the first in the burst, `motions` [n, 2, 3] take a point of the shot to
    its place in each picture. `steady` says that the camera did not move.
    """

    frames: Frame
    valid: NDArray[np.bool_]
    first: int
    motions: NDArray[np.float64]
    steady: bool

    def __len__(self) -> int:
        return len(self.frames)


def shots(frames: Sequence[Frame], *, apart: Collection[int] = ()) -> list[Shot]:
    """Cut a burst of pictures (oldest first) where the view changes: at cuts, jumps and changes of size.

    It is cut before the places in `apart` too.
    """
    found: list[Shot] = []
    start, run = 0, [_IDENTITY]
    for place in range(1, len(frames)):
        same_size = frames[place].shape == frames[start].shape
        step = motion_between(frames[place - 1], frames[place]) if same_size and place not in apart else None
        starts_to_move = len(run) >= _STEADY_RUN and run[-1] is _IDENTITY and step is not _IDENTITY
        total = None if step is None or starts_to_move else _then(run[-1], step)
        if total is None or not _comparable(total, frames[start].shape):
            found.append(_shot(frames, start, run))
            start, run = place, [_IDENTITY]
        else:
            run.append(total)
    found.append(_shot(frames, start, run))
    return found


def motion_between(before: Frame, after: Frame) -> Motion | None:
    """The motion of the background [2, 3] from one picture to the next of the same size, None at a cut.

    Corners are followed by pyramidal Lucas-Kanade flow over pictures of evened contrast, so that a step of the
    exposure is no motion. If a good share of them stayed where they were the camera stood still, whatever else moved.
    """
    first, second = _evened(before), _evened(after)
    points = cv2.goodFeaturesToTrack(first, _CORNERS, 0.02, 6)
    if points is None or len(points) < _LEAST_CORNERS:
        return _IDENTITY if _step(before, after) < _FEATURELESS_STEP else None
    moved, good = _followed(first, second, points)
    still = good & (np.abs(moved - points[:, 0]).max(axis=1) < _STILL_PX)
    if _spread(points[still][:, 0], first.shape) >= _STILL_SHARE * _spread(points[:, 0], first.shape):
        return _IDENTITY
    motion = _agreed(points[:, 0][good], moved[good], shape=first.shape)
    if motion is not None:
        return motion
    if _step(before, after) < _FEATURELESS_STEP / 2:
        return _IDENTITY
    moved, good = _followed(first, second, points, jump=_jump(first, second))
    return _agreed(points[:, 0][good], moved[good], shape=first.shape)


def _evened(frame: Frame) -> NDArray[np.uint8]:
    """Luma with its local mean and contrast taken out."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), 8)
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 8)) + 6.0
    return np.asarray(np.clip(128 + 42 * detail / spread, 0, 255), np.uint8)


def _jump(first: Any, second: Any) -> tuple[float, float]:
    """By how much the whole picture moved, from the phases of its spectrum."""
    window = cv2.createHanningWindow(first.shape[::-1], cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(first.astype(np.float32), second.astype(np.float32), window)
    return dx, dy


def _followed(
    first: Any, second: Any, points: Any, *, jump: tuple[float, float] = (0.0, 0.0)
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    options: dict[str, Any] = {"winSize": (21, 21), "maxLevel": 3, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW}
    guess = points + np.array([[jump]], np.float32)
    moved, ok, _ = cv2.calcOpticalFlowPyrLK(first, second, points, guess, **options)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, moved, points.copy(), **options)
    loop = np.abs(back - points).reshape(-1, 2).max(axis=1)
    good = (ok.reshape(-1) == 1) & (ok_back.reshape(-1) == 1) & (loop < 1.0)
    return moved.reshape(-1, 2), good


def _spread(points: NDArray[Any], shape: tuple[int, ...]) -> int:
    """Over how many cells of a grid points are spread: a logo that stands still holds many points in few cells."""
    cells = (points / np.array([shape[1] / _GRID, shape[0] / _GRID])).astype(int)
    return len({(int(x), int(y)) for x, y in cells})


def _agreed(points: Any, moved: Any, *, shape: tuple[int, ...]) -> Motion | None:
    """The motion that a good share of the points agree on, from all over the picture."""
    least = max(_AGREE_SHARE * len(points), _LEAST_CORNERS)
    if len(points) < least:
        return None
    motion, inliers = cv2.estimateAffinePartial2D(points, moved, method=cv2.RANSAC, ransacReprojThreshold=_AGREE_PX)
    if motion is None or int(inliers.sum()) < least or _spread(points[inliers[:, 0] == 1], shape) < _AGREE_CELLS:
        return None
    return np.asarray(motion)


def _step(before: Frame, after: Frame) -> float:
    """The mean difference of two pictures, details aside."""
    small = [cv2.resize(frame, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32) for frame in (before, after)]
    return float(np.abs(small[0] - small[1]).mean())


def _then(first: Motion, second: Motion) -> Motion:
    """One motion after another."""
    if first is _IDENTITY and second is _IDENTITY:
        return _IDENTITY
    whole = np.vstack([second, [0, 0, 1]]) @ np.vstack([first, [0, 0, 1]])
    return np.asarray(whole[:2])


def _comparable(motion: Motion, shape: tuple[int, ...]) -> bool:
    """Errors add up along a moving camera's way: no picture is compared with one that shows little of the same."""
    zoom = float(np.hypot(motion[0, 0], motion[1, 0]))
    turn = abs(float(np.arctan2(motion[1, 0], motion[0, 0])))
    known = 1 / _MOST_ZOOM < zoom < _MOST_ZOOM and turn < _MOST_TURN
    return known and _overlap(motion, shape) >= _LEAST_OVERLAP


def _overlap(motion: Motion, shape: tuple[int, ...]) -> float:
    height, width = shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64) @ motion.T
    left, top = np.maximum(corners.min(axis=0), 0)
    right, bottom = np.minimum(corners.max(axis=0), [width, height])
    return float(max(right - left, 0) * max(bottom - top, 0) / (width * height))


def _shot(frames: Sequence[Frame], start: int, run: Sequence[Motion]) -> Shot:
    height, width = frames[start].shape[:2]
    valid = np.ones((height, width), np.bool_)
    laid = []
    for place, motion in enumerate(run):
        frame = frames[start + place]
        if motion is _IDENTITY:
            laid.append(frame)
            continue
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        laid.append(np.asarray(cv2.warpAffine(frame, motion, (width, height), flags=flags), np.uint8))
        inside = cv2.warpAffine(np.full((height, width), 255, np.uint8), motion, (width, height), flags=flags)
        valid &= cv2.erode(inside, np.ones((5, 5), np.uint8)) == 255
    return Shot(np.stack(laid), valid, start, np.stack(run), steady=all(motion is _IDENTITY for motion in run))
