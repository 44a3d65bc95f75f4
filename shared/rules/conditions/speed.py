"""The condition that something is fast: somebody who runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.labels import Labels
from shared.rules.schedule import Schedule
from shared.rules.unmet import Unmet, asleep, unsure, words


class SpeedCondition(Condition):
    """Any of `labels` (none: everything) goes at least `at_least` of its own heights per second, for a second, inside
    `schedule` (none: always).

    People walk at 0.7 to 1.2 and run from 1.6 on, near the camera and far from it. Straight towards the camera they
    seem slower.
    """

    kind: Literal["speed"] = "speed"
    at_least: float = Field(gt=0, le=20, allow_inf_nan=False, examples=[1.6])
    labels: Labels = Field(default=frozenset(), examples=[["person"]])
    min_confidence: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    schedule: Schedule | None = None

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        if self.labels and presence.label not in self.labels:
            return False
        if presence.speed < self.at_least or presence.confidence < self.min_confidence:
            return False
        return self.schedule is None or self.schedule.awake(at)

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        if self.labels and presence.label not in self.labels:
            yield Unmet("labels", words(self.labels), presence.label)
        if presence.speed < self.at_least:
            yield Unmet("at_least", f"{self.at_least:.2f} heights per second", f"{presence.speed:.2f} at most")
        if presence.confidence < self.min_confidence:
            yield unsure(self.min_confidence, presence.confidence)
        if self.schedule is not None and not self.schedule.awake(at):
            yield asleep(self.schedule, at)
