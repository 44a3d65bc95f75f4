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

    `most` is the cost from which a new object is the better explanation. A pair further apart than
    `reach` + `top_speed` · time (body lengths, body lengths a second) is impossible. Colours `alike`
    apart (Hellinger) say nothing for or against; each .1 more costs `colour_weight` / 10.
    """

    most: float = 3.0
    sigmas: float = 4.0
    reach: float = 0.6
    top_speed: float = 4.0
    size_sigmas: float = 4.0
    alike: float = 0.45
    colour_weight: float = 8.0


def costs(
    expected: list[Motion],
    unseen_s: NDArray[np.float64],
    boxes: list[Box],
    *,
    colours: tuple[NDArray[np.float32], NDArray[np.float32]],
    model: MotionModel,
    evidence: Evidence,
) -> NDArray[np.float64]:
    """Cost [tracks, detections] of each pair; `_NEVER` where it is impossible or a newcomer is likelier."""
    x, y, width, height, var_p, var_s = _columns(expected)
    body = np.maximum(width, height)
    xyxy = np.array([box.as_xyxy() for box in boxes]).T
    dx = (xyxy[0] + xyxy[2]) / 2 - x[:, None]
    dy = (xyxy[1] + xyxy[3]) / 2 - y[:, None]
    d_width = np.log(np.maximum(xyxy[2] - xyxy[0], 1) / width[:, None])
    d_height = np.log(np.maximum(xyxy[3] - xyxy[1], 1) / height[:, None])

    place = (var_p + (model.position_noise * body) ** 2)[:, None]
    size = (var_s + model.size_noise**2)[:, None]
    off_place = (dx**2 + dy**2) / place
    off_size = (d_width**2 + d_height**2) / size
    cost = off_place / 2 + np.log(place / body[:, None] ** 2)
    cost += off_size / 2 + np.log(size / model.size_noise**2)
    apart = distances(*colours)
    cost += np.where(np.isnan(apart), 0.0, evidence.colour_weight * (apart - evidence.alike))

    limit = ((evidence.reach + evidence.top_speed * unseen_s) * body)[:, None]
    possible = (off_place <= evidence.sigmas**2) & (dx**2 + dy**2 <= limit**2)
    possible &= (off_size <= evidence.size_sigmas**2) & (cost < evidence.most)
    return np.where(possible, cost, _NEVER)


def assign(cost: NDArray[np.float64], *, most: float) -> list[tuple[int, int]]:
    """The pairs (row, column) that explain most at the least cost; each may also stay without a partner.

    Saving counts from `most`, so a pair is made only where it beats leaving both alone.
    """
    if cost.size == 0:
        return []
    saving = np.minimum(cost - most, 0.0)
    rows, columns = linear_sum_assignment(saving)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if saving[r, c] < 0]


def _columns(expected: list[Motion]) -> NDArray[np.float64]:
    rows = [(m.x, m.y, max(m.width, 1.0), max(m.height, 1.0), m.var_p, m.var_s) for m in expected]
    return np.array(rows, dtype=np.float64).T
