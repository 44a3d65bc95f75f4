"""A named part of a camera's picture."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.polygon import Point, Polygon


@dataclass(frozen=True, slots=True)
class Zone:
    """`polygon` is normalised (0..1); no `labels` means every label.

    `sensitivity` 0..1: 1 lets every detection count, 0 only those of full confidence.
    """

    name: str
    polygon: Polygon
    labels: frozenset[str] = frozenset()
    sensitivity: float = 1.0

    def holds(self, anchor: Point, label: str, confidence: float) -> bool:
        """Whether an object standing at the normalised `anchor` counts as inside."""
        if self.labels and label not in self.labels:
            return False
        return confidence >= 1.0 - self.sensitivity and self.polygon.contains(anchor)
