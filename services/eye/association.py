"""Which detection is which object: the evidence for each pair, and the best assignment of all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from services.eye.appearance import distances
from services.eye.motion import Motion, MotionModel
from shared.domain.box import Box

_NEVER = 1e6


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the parts of the evidence are weighed; costs are negative log-likelihoods (nats).

    From `most` on, a new object is the better explanation; sooner at the picture's edge, where new objects
    come from, and for weak detections, which are more often nothing at all. Student's t with `tail` degrees
    of freedom allows for the outliers that half hidden objects make. Whatever the likelihood, nothing goes
    further than `reach` + `top_speed` · time (body lengths, body lengths a second) or becomes more than
    `taller` and `wider` times as large or small.

    Colours `alike` apart (Hellinger) say nothing for or against; from there the evidence grows with
    `colour_slope`, to at most `colour_for` and `colour_against`, since light and occlusion change them too.
    """

    most: float = 4.0
    most_at_edge: float = 2.0
    most_when_weak: float = 2.0
    tail: float = 4.0
    reach: float = 0.5
    top_speed: float = 4.0
    taller: float = 2.0
    wider: float = 3.0
    alike: float = 0.4
    colour_slope: float = 20.0
    colour_for: float = 2.0
    colour_against: float = 5.0


def costs(
    expected: list[Motion],
    unseen_s: NDArray[np.float64],
    boxes: list[Box],
    *,
    colours: tuple[NDArray[np.float32], NDArray[np.float32]],
    model: MotionModel,
    evidence: Evidence,
) -> NDArray[np.float64]:
    """Cost [tracks, detections] of each pair, `_NEVER` where it is impossible.

    `expected` is each track's prediction for now and `unseen_s` how long ago it was seen; `colours` are the
    descriptors of tracks and of detections.
    """
    x, y, width, height, var_p, var_s = _columns(expected)
    body = np.maximum(width, height)
    xyxy = np.array([box.as_xyxy() for box in boxes]).T
    dx = (xyxy[0] + xyxy[2]) / 2 - x[:, None]
    dy = (xyxy[1] + xyxy[3]) / 2 - y[:, None]
    d_width = np.log(np.maximum(xyxy[2] - xyxy[0], 1) / width[:, None])
    d_height = np.log(np.maximum(xyxy[3] - xyxy[1], 1) / height[:, None])

    place = (var_p + (model.position_noise * body) ** 2)[:, None]
    off_place = (dx**2 + dy**2) / place
    tall, wide = (var_s[:, None] + noise**2 for noise in (model.height_noise, model.width_noise))
    off_size = d_height**2 / tall + d_width**2 / wide
    cost = _unlikely(off_place, evidence.tail) + np.log(place / body[:, None] ** 2)
    cost += (
        _unlikely(off_size, evidence.tail)
        + np.log(tall / model.height_noise**2) / 2
        + np.log(wide / model.width_noise**2) / 2
    )
    colour = evidence.colour_slope * (distances(*colours) - evidence.alike)
    cost += np.nan_to_num(np.clip(colour, -evidence.colour_for, evidence.colour_against), nan=0.0)

    limit = ((evidence.reach + evidence.top_speed * unseen_s) * body)[:, None]
    possible = dx**2 + dy**2 <= limit**2
    possible &= (np.abs(d_height) <= np.log(evidence.taller)) & (np.abs(d_width) <= np.log(evidence.wider))
    return np.where(possible, cost, _NEVER)


def _unlikely(squares: NDArray[np.float64], tail: float) -> NDArray[np.float64]:
    """−log of Student's t in two dimensions: half hidden objects make outliers that a Gaussian forbids."""
    return (tail + 2) / 2 * np.log1p(squares / tail)


def assign(cost: NDArray[np.float64], *, most: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The pairs (row, column) that explain most at the least cost; each may also stay without a partner.

    Savings count from `most` [columns], so a pair is made only where it beats leaving both alone.
    """
    if cost.size == 0:
        return []
    saving = np.minimum(cost - most, 0.0)
    rows, columns = linear_sum_assignment(saving)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if saving[r, c] < 0]


def _columns(expected: list[Motion]) -> NDArray[np.float64]:
    rows = [(m.x, m.y, max(m.width, 1.0), max(m.height, 1.0), m.var_p, m.var_s) for m in expected]
    return np.array(rows, dtype=np.float64).T
