"""A line of text and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TextLine:
    """`polygon` are its corners (x, y) in pixels of the picture, from the left-top one clockwise."""

    text: str
    confidence: float
    polygon: tuple[tuple[float, float], ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        xs, ys = [x for x, _ in self.polygon], [y for _, y in self.polygon]
        return (min(xs), min(ys), max(xs), max(ys))

    def shown(self) -> dict[str, Any]:
        """As clients read it: numbers in pixels with one decimal."""
        return {
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "bbox": [round(value, 1) for value in self.box],
            "polygon": [[round(x, 1), round(y, 1)] for x, y in self.polygon],
        }


class Reader(Protocol):
    """Finds and reads lines of text. Owned by one thread; blocks while it computes."""

    def read(self, picture: NDArray[np.uint8]) -> Sequence[TextLine]:
        """A picture [height, width, 3] BGR → its lines, from top to bottom."""
        ...

    def close(self) -> None:
        """Give back what it holds. Calling it again does nothing."""
        ...


def clipped(corners: NDArray[np.floating], width: int, height: int) -> tuple[tuple[float, float], ...]:
    """Corners [n, 2] inside a picture of `width` × `height` pixels."""
    inside = np.clip(corners, 0, (width, height))
    return tuple((float(x), float(y)) for x, y in inside)
