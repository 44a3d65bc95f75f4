"""What turns pictures of bodies into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Owned by one thread. Only vectors of the same `name` may be compared."""

    name: str
    size: int

    def embed(self, bodies: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Bodies [height, width, 3] BGR → [n, size], each of unit length. Blocks while it computes."""
        ...

    def close(self) -> None:
        """Give back what it holds. Calling it again does nothing."""
        ...


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Vectors [n, size] at unit length; one of no length stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), np.float32)
