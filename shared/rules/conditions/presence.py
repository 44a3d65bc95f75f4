"""The condition that a thing of some kind stays somewhere, long enough, at some time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.labels import Labels
from shared.rules.schedule import Schedule


class PresenceCondition(Condition):
    """Any of `labels` (none: everything) in `zone` (none: anywhere) for `dwell_s` seconds, inside `schedule`
    (none: always), at least once as sure as `min_confidence`.

    With a zone, `dwell_s` counts the time inside it, several visits added up.
    """

    kind: Literal["presence"] = "presence"
    labels: Labels = Field(default=frozenset(), examples=[["person"]])
    zone: str | None = Field(default=None, min_length=1, max_length=128, examples=["Zone Porte"])
    min_confidence: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    dwell_s: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False, examples=[5])
    schedule: Schedule | None = None

    def holds(self, presence: Presence, at: datetime) -> bool:
        if self.labels and presence.label not in self.labels:
            return False
        if presence.confidence < self.min_confidence or not self._stayed(presence):
            return False
        return self.schedule is None or self.schedule.awake(at)

    def zones(self) -> Mapping[str, str]:
        return {} if self.zone is None else {"zone": self.zone}

    def _stayed(self, presence: Presence) -> bool:
        if self.zone is None:
            return presence.duration_s >= self.dwell_s
        for stay in presence.zones:
            if stay.zone == self.zone:
                # A visit that ended between two messages still counts, except with a schedule: there it is the
                # time spent inside the zone that must lie in the window, not what followed.
                return stay.dwell_s >= self.dwell_s and (stay.inside or self.schedule is None)
        return False
