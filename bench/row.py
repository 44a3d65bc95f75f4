"""One row of the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """Ours against the reference. `met` is None when the row could not be measured; `note` says why.

    `ours` and `reference` are texts with their units; `figures` holds the raw numbers for the JSON.
    """

    id: str
    what: str
    goal: str
    ours: str = "–"
    reference: str = "–"
    ratio: str = "–"
    met: bool | None = None
    note: str = ""
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return {True: "met", False: "MISSED", None: "not measured"}[self.met]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median_ratio(ours: Sequence[float], reference: Sequence[float]) -> float:
    """Median of the pairwise ratios of runs made in turn, so that a drifting machine cancels out."""
    return statistics.median(a / b for a, b in zip(ours, reference, strict=True))
