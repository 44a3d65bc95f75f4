"""A plate as one picture shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.lpr.grammar import Fit
from services.modules.specialists.lpr.reading import Reading
from shared.domain.box import Box


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """`quad` [4, 2] encloses the characters, in pixels of the picture; `hints` are regions its surroundings name.
    `on_panel`: its ground ends around it."""

    reading: Reading
    fit: Fit
    quad: NDArray[np.float32]
    hints: frozenset[str] = frozenset()
    on_panel: bool = False

    @property
    def box(self) -> Box:
        (x1, y1), (x2, y2) = self.quad.min(axis=0).tolist(), self.quad.max(axis=0).tolist()
        return Box(x1, y1, x2, y2)

    def moved(self, dx: float, dy: float) -> Sighting:
        """The same in a picture of which this one is a part that starts at (dx, dy)."""
        quad: NDArray[np.float32] = (self.quad + np.array([dx, dy], np.float32)).astype(np.float32)
        return Sighting(self.reading, self.fit, quad, self.hints, self.on_panel)
