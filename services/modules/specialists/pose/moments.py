"""Looks at one person, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.modules.specialists.pose.posture import Posture
from services.modules.specialists.pose.stance import Stance


@dataclass(frozen=True, slots=True)
class Moment:
    """A person at a time (seconds from any start), in pixels that mean the same place in every moment.

    `stance` is None and `posture` unknown when nothing can be said of it.
    """

    at_s: float
    stance: Stance | None
    posture: Posture
    confidence: float


def with_stance(moments: Sequence[Moment]) -> list[tuple[Moment, Stance]]:
    return [(moment, moment.stance) for moment in moments if moment.stance is not None]
