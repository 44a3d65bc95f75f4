"""From groups of faces to what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from services.modules.specialist import Recognised
from services.modules.specialists.face.detected import Detected
from services.modules.specialists.face.grouping import Group
from services.modules.specialists.face.matching import Answer, Bounds, Matcher, distance
from services.modules.specialists.face.reader import Sight

Identity = Literal["known", "unknown", "uncertain", "unclear"]


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A face and the answer to whose it is. `name` is that of the person who matches."""

    best: Sight
    vector: NDArray[np.float32] | None
    answer: Answer
    name: str | None

    @property
    def identity(self) -> Identity:
        """`unclear` faces show too little; `uncertain` ones resemble somebody, not enough to say so."""
        if self.vector is None:
            return "unclear"
        if self.answer.match is not None:
            return "known"
        return "uncertain" if self.answer.doubtful else "unknown"

    def shown(self, sizes: Sequence[tuple[int, int]]) -> dict[str, Any]:
        """As clients read it; `sizes` are the (width, height) of the pictures."""
        nearest = self.answer.nearest
        told = {
            "bbox": pixels(self.best.face, sizes[self.best.picture]),
            "confidence": round(self.best.face.confidence, 4),
            "quality": round(self.best.quality.score, 4),
            "identity": self.identity,
            "person_name": self.name,
            "similarity": None if nearest is None else round(max(0.0, nearest.similarity), 4),
            "embedding_distance": None if nearest is None else round(distance(nearest.similarity), 4),
            "landmarks": {key: [round(x, 1), round(y, 1)] for key, (x, y) in self.best.face.landmarks.items()},
        }
        return told if len(sizes) == 1 else {**told, "picture": self.best.picture}


def named(groups: Sequence[Group], gallery: Matcher, bounds: Bounds) -> list[Named]:
    """Whose faces they are, the largest first; nobody is two of them: the more similar one is it."""
    found = [_asked(group, gallery, bounds) for group in groups]
    likest: dict[int, Named] = {}
    for face in sorted(found, key=_likeness, reverse=True):
        if face.answer.match is not None:
            likest.setdefault(face.answer.match.person_id, face)
    single = [_unless_taken(face, likest) for face in found]
    return sorted(single, key=lambda face: (-face.best.face.box.area, *face.best.face.box.as_xyxy()))


def recognised(faces: Sequence[Named], sizes: Sequence[tuple[int, int]]) -> tuple[Recognised, ...]:
    """The matches, for the event."""
    return tuple(
        Recognised(
            "face_match",
            {
                "person_name": face.name,
                "person_id": face.answer.match.person_id,
                "similarity": round(max(0.0, face.answer.match.similarity), 4),
                "bbox": pixels(face.best.face, sizes[face.best.picture]),
                "embedding_distance": round(distance(face.answer.match.similarity), 4),
            },
        )
        for face in faces
        if face.answer.match is not None
    )


def pixels(face: Detected, size: tuple[int, int]) -> list[int]:
    """The box in whole pixels, inside a picture of `size` (width, height)."""
    return [round(value) for value in face.box.clipped(*size).as_xyxy()]


def _asked(group: Group, gallery: Matcher, bounds: Bounds) -> Named:
    vector = group.vector
    answer = gallery.match(vector, bounds) if vector is not None else Answer()
    name = gallery.name_of(answer.match.person_id) if answer.match is not None else None
    return Named(group.best, vector, answer, name)


def _likeness(face: Named) -> float:
    return face.answer.match.similarity if face.answer.match is not None else -1.0


def _unless_taken(face: Named, likest: dict[int, Named]) -> Named:
    match = face.answer.match
    if match is None or likest[match.person_id] is face:
        return face
    return replace(face, answer=Answer(None, match, doubtful=True), name=None)
