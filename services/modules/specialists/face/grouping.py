"""Faces of one person on several pictures, as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.reader import Sight


@dataclass(slots=True, eq=False)
class Group:
    """Sights of one person, the best first; at most one of a picture."""

    sights: list[Sight] = field(default_factory=list)

    @property
    def best(self) -> Sight:
        return self.sights[0]

    @property
    def vector(self) -> NDArray[np.float32] | None:
        """All vectors in one of unit length, the better pictures counting more."""
        vectors = [sight.vector * sight.quality.score for sight in self.sights if sight.vector is not None]
        if not vectors:
            return None
        total = np.sum(vectors, axis=0)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), np.float32)


def grouped(sights: Iterable[Sight], *, alike: float) -> list[Group]:
    """Put together what is `alike` (cosine) on different pictures; a face without a vector stands alone.

    Of those that stand alone because nobody could tell them apart only the best picture's are kept: the same face
    would be told again and again.
    """
    ordered = sorted(sights, key=lambda sight: (-sight.quality.score, sight.picture, *sight.face.box.as_xyxy()))
    groups: list[Group] = []
    for sight in (sight for sight in ordered if sight.vector is not None):
        _likest(groups, sight, alike=alike).sights.append(sight)
    unclear = [sight for sight in ordered if sight.vector is None]
    return groups + [Group([sight]) for sight in _of_one_picture(unclear)]


def _likest(groups: list[Group], sight: Sight, *, alike: float) -> Group:
    """The group a sight belongs to; a new one, in the list, when it belongs to none."""
    best, similarity = None, alike
    for group in groups:
        vector = group.vector
        apart = all(other.picture != sight.picture for other in group.sights)
        if vector is None or sight.vector is None or not apart:
            continue
        same = float(vector @ sight.vector)
        if same >= similarity:
            best, similarity = group, same
    if best is None:
        best = Group()
        groups.append(best)
    return best


def _of_one_picture(unclear: Sequence[Sight]) -> list[Sight]:
    """Those of the picture that has most of them, the later of equals."""
    counts = {sight.picture: sum(other.picture == sight.picture for other in unclear) for sight in unclear}
    chosen = max(counts, key=lambda picture: (counts[picture], picture), default=None)
    return [sight for sight in unclear if sight.picture == chosen]
