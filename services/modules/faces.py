"""What enrolling people asks of whichever specialist reads faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

SPECIALIST: Final = "face"
"""The specialist that is a `FaceReader`."""

PixelBox = tuple[int, int, int, int]
PixelPoint = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A face with its surroundings, [height, width, 3] BGR: all that is kept of a picture. Where the face is in it."""

    bgr: NDArray[np.uint8]
    bbox: PixelBox
    landmarks: Mapping[str, PixelPoint]


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """A face on a picture, largest first; `bbox` in its pixels. `complaints` are what is wrong with it, in words.

    `vector` is what the recogniser makes of it, of unit length.
    """

    bbox: PixelBox
    confidence: float
    quality: float
    complaints: Sequence[str]
    vector: NDArray[np.float32]
    cutout: Cutout


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Somebody whose face it would be taken for."""

    person_id: int
    name: str
    similarity: float


class FaceReader(Protocol):
    """Owned by one thread. Vectors are only comparable where `recogniser` is the same."""

    @property
    def recogniser(self) -> str: ...

    def read(self, picture: NDArray[np.uint8]) -> list[SeenFace]:
        """Every face on a picture, whichever way up. Blocks while it computes."""
        ...

    def read_again(self, cutout: Cutout) -> NDArray[np.float32]:
        """The vector of a face that was kept, made by another recogniser before."""
        ...

    def resembling(self, account_id: int, vector: NDArray[np.float32]) -> Resemblance | None:
        """Whom of the account's people it matches. Raises `Transient` when the database does not answer."""
        ...
