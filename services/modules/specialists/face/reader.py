"""From a picture to faces: found, judged and turned into vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.detected import Detected, Detector, Embedder
from services.modules.specialists.face.quality import Quality, quality_of
from services.modules.specialists.face.search import find_faces
from services.modules.specialists.face.settings import FaceSettings


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One face on one picture (its number); no `vector` when it shows too little to tell people apart."""

    picture: int
    face: Detected
    quality: Quality
    vector: NDArray[np.float32] | None


class Reader:
    """A detector and an embedder. Owned by one thread."""

    def __init__(self, detector: Detector, embedder: Embedder, *, options: FaceSettings) -> None:
        self._detector = detector
        self._embedder = embedder
        self._options = options

    @property
    def recogniser(self) -> str:
        return self._embedder.name

    def look(self, bgr: NDArray[np.uint8], *, turned: bool, picture: int = 0, choosy: bool = True) -> list[Sight]:
        """The faces of a picture, the largest first.

        A `choosy` look makes vectors only of what is worth one; one that is not makes thorough ones of all.
        """
        sights, thorough = [], self._options.mirrored or not choosy
        for face in find_faces(self._detector, bgr, turned=turned, most=self._options.most_faces):
            quality = quality_of(bgr, face)
            worth = not choosy or self._is_worth(face, quality)
            sights.append(
                Sight(picture, face, quality, self._embedder.embed(bgr, face, thorough=thorough) if worth else None)
            )
        return sights

    def embed(self, bgr: NDArray[np.uint8], face: Detected) -> NDArray[np.float32]:
        """The vector of a face that is known to be there."""
        return self._embedder.embed(bgr, face, thorough=True)

    def _is_worth(self, face: Detected, quality: Quality) -> bool:
        wide = min(face.box.width, face.box.height) >= self._options.min_width_px
        return wide and quality.score >= self._options.min_quality
