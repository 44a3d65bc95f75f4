"""Whose face it is: the most similar person of a gallery, or nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Known:
    """One face of a person, a vector of unit length."""

    person_id: int
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `threshold` on two faces are one person's, unless another person is as similar within `margin`.

    From `doubtful` on they may be.
    """

    threshold: float
    margin: float
    doubtful: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """A person, and the cosine of their most similar face."""

    person_id: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Answer:
    """`match` is the person; `nearest` whoever is most similar, match or not. `doubtful`: it may be them."""

    match: Likeness | None = None
    nearest: Likeness | None = None
    doubtful: bool = False


class Matcher:
    """Compares with every face it was given, exactly."""

    def __init__(self, faces: Sequence[Known], names: Mapping[int, str]) -> None:
        self._owners = np.array([face.person_id for face in faces], np.int64)
        self._names = dict(names)
        self._most = int(np.unique(self._owners, return_counts=True)[1].max()) if faces else 0
        self._index: Any = None
        if faces:
            self._index = faiss.IndexFlatIP(len(faces[0].vector))
            self._index.add(np.stack([face.vector for face in faces]).astype(np.float32))

    def __len__(self) -> int:
        return len(self._owners)

    def name_of(self, person_id: int) -> str:
        return self._names[person_id]

    def likest(self, vector: NDArray[np.float32]) -> tuple[Likeness, ...]:
        """The two most similar persons, best first; fewer where there are fewer."""
        if self._index is None:
            return ()
        # Beyond all faces of one person, the next one is another's.
        wanted = min(len(self._owners), self._most + 1)
        similar, places = self._index.search(np.asarray(vector, np.float32)[None], wanted)
        best: dict[int, float] = {}
        for similarity, place in zip(similar[0].tolist(), places[0].tolist(), strict=True):
            best.setdefault(int(self._owners[place]), float(np.clip(similarity, -1.0, 1.0)))
        return tuple(Likeness(person, similarity) for person, similarity in list(best.items())[:2])

    def match(self, vector: NDArray[np.float32], bounds: Bounds) -> Answer:
        """Whose face it is."""
        likest = self.likest(vector)
        if not likest:
            return Answer()
        first = likest[0]
        runner_up = likest[1].similarity if len(likest) > 1 else -1.0
        if first.similarity >= bounds.threshold and first.similarity - runner_up >= bounds.margin:
            return Answer(first, first)
        return Answer(None, first, doubtful=first.similarity >= bounds.doubtful)


def distance(similarity: float) -> float:
    """The Euclidean distance 0..2 of two vectors of unit length with this cosine."""
    return float(np.sqrt(max(0.0, 2.0 - 2.0 * similarity)))
