"""The condition that nobody is there for a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from shared.domain.presence import Presence
from shared.rules.about_camera import AboutCamera
from shared.rules.as_new import is_new
from shared.rules.longest_wake import longest_wake
from shared.rules.schedule import Schedule
from shared.rules.unmet import Unmet, asleep, seconds, words


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

    @field_validator("schedule")
    @classmethod
    def _is_awake_long_enough(cls, schedule: Schedule | None, info: ValidationInfo) -> Schedule | None:
        longest = longest_wake(schedule) if schedule is not None and is_new(info) else None
        for_s = info.data.get("for_s")
        if longest is not None and for_s is not None and longest.total_seconds() <= for_s:
            most = f"is never awake for longer than {longest.total_seconds():.0f} s"
            raise ValueError(f"{most}, and time is counted anew in each window – lengthen a window, or lower for_s")
        return schedule

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

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        who = f"no {words(self.labels)}" if self.labels else "nobody"
        wanted = f"that {who} is {f'in {self.zone}' if self.zone else 'there'} for {seconds(self.for_s)}"
        if self.seen_at(presence) is not None:
            yield Unmet("kind", wanted, "was there")
        else:
            yield from self._passed_over(presence, wanted)
        if self.schedule is not None and not self.schedule.awake(at):
            yield asleep(self.schedule, at)

    def _passed_over(self, presence: Presence, wanted: str) -> Iterator[Unmet]:
        """Why the presence has nothing to do with it: whoever else was missing, this is not who is looked for."""
        if self.labels and presence.label not in self.labels:
            yield Unmet("labels", wanted, f"was labelled {presence.label}, which is not what the rule looks for")
        if presence.confidence < self.min_confidence:
            asked = f"at least {self.min_confidence:.2f} of whoever is to count"
            yield Unmet("min_confidence", asked, f"{presence.confidence:.2f}")
        if self.zone is not None and all(stay.zone != self.zone for stay in presence.zones):
            yield Unmet("zone", wanted, "was never seen there and does not count")
