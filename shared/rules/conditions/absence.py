"""The condition that nobody is there for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from shared.domain.presence import Presence
from shared.rules.about_camera import AboutCamera
from shared.rules.schedule import Schedule


class AbsenceCondition(AboutCamera):
    """Nobody of `labels` (none: nothing at all) was in `zone` (none: in view) for `for_s` seconds, inside `schedule`
    (none: always).

    It is about the camera, not about somebody, so it cannot be part of another condition. Time counts while the
    camera's pictures are looked at, and anew from when a window of the schedule begins. Who was seen less surely than
    `min_confidence` was not there. It is told once, until somebody comes.
    """

    kind: Literal["absence"] = "absence"
    min_confidence: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    schedule: Schedule | None = None

    def awake(self, at: datetime) -> bool:
        return self.schedule is None or self.schedule.awake(at)

    def seen_at(self, presence: Presence) -> datetime | None:
        if self.labels and presence.label not in self.labels:
            return None
        if presence.confidence < self.min_confidence:
            return None
        if self.zone is None:
            return presence.last_seen_at
        for stay in presence.zones:
            if stay.zone == self.zone:
                return presence.last_seen_at if stay.inside else stay.left_at or presence.last_seen_at
        return None
