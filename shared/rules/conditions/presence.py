"""The condition that a thing of some kind stays somewhere, long enough, at some time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from shared.domain.presence import Presence, ZoneStay
from shared.rules.condition import Condition
from shared.rules.labels import Labels
from shared.rules.schedule import Schedule
from shared.rules.unmet import Unmet, asleep, seconds, unsure, words


class PresenceCondition(Condition):
    """Any of `labels` (none: everything) in `zone` (none: anywhere) for `dwell_s` seconds, inside `schedule`
    (none: always), at least once as sure as `min_confidence`.

    With a zone, `dwell_s` counts the time inside it, several visits added up. `passage` asks for more: that it came
    into the zone from elsewhere in the picture (`enter`), or went out of it and is still in the picture (`leave`).
    """

    kind: Literal["presence"] = "presence"
    labels: Labels = Field(default=frozenset(), examples=[["person"]])
    zone: str | None = Field(default=None, min_length=1, max_length=128, examples=["Zone Porte"])
    min_confidence: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    dwell_s: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False, examples=[5])
    passage: Literal["enter", "leave"] | None = None
    schedule: Schedule | None = None

    @field_validator("passage")
    @classmethod
    def _of_a_zone(cls, passage: str | None, info: ValidationInfo) -> str | None:
        if passage is not None and info.data.get("zone") is None:
            raise ValueError("is about a zone, and none is named")
        return passage

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        if self.labels and presence.label not in self.labels:
            return False
        if presence.confidence < self.min_confidence or not self._stayed(presence):
            return False
        return self.schedule is None or self.schedule.awake(at)

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        if self.labels and presence.label not in self.labels:
            yield Unmet("labels", words(self.labels), presence.label)
        if presence.confidence < self.min_confidence:
            yield unsure(self.min_confidence, presence.confidence)
        yield from self._unmet_stay(presence)
        if self.schedule is not None and not self.schedule.awake(at):
            yield asleep(self.schedule, at)

    def held_until(self, presence: Presence, at: datetime) -> datetime:
        stay = next((stay for stay in presence.zones if stay.zone == self.zone), None)
        if stay is None or self.passage is not None:
            return presence.last_seen_at if self.passage is None else presence.started_at
        return presence.last_seen_at if stay.inside else stay.left_at or presence.last_seen_at

    def zones(self) -> Mapping[str, str]:
        return {} if self.zone is None else {"zone": self.zone}

    def _stayed(self, presence: Presence) -> bool:
        if self.zone is None:
            return presence.duration_s >= self.dwell_s
        for stay in presence.zones:
            if stay.zone == self.zone:
                # A visit that ended between two messages still counts, except with a schedule: there it is the
                # time spent inside the zone that must lie in the window, not what followed.
                counts = stay.inside or self.schedule is None or self.passage == "leave"
                return stay.dwell_s >= self.dwell_s and counts and self._passed(presence, stay)
        return False

    def _passed(self, presence: Presence, stay: ZoneStay) -> bool:
        if self.passage == "enter":
            return stay.entered_at > presence.started_at
        return self.passage is None or (not stay.inside and stay.left_at is not None)

    def _unmet_stay(self, presence: Presence) -> Iterator[Unmet]:
        if self._stayed(presence):
            return
        stay = next((stay for stay in presence.zones if stay.zone == self.zone), None)
        if self.zone is None or stay is None:
            if self.zone is not None:
                yield Unmet("zone", f"to be in {self.zone}", _whereabouts(presence))
            else:
                yield Unmet("dwell_s", f"to stay for {seconds(self.dwell_s)}", seconds(presence.duration_s))
            return
        if stay.dwell_s < self.dwell_s:
            yield Unmet("dwell_s", f"to stay in {self.zone} for {seconds(self.dwell_s)}", seconds(stay.dwell_s))
        if self.passage == "enter" and not self._passed(presence, stay):
            yield Unmet("passage", f"to come into {self.zone} from elsewhere", "was there from the beginning")
        elif self.passage == "leave" and not self._passed(presence, stay):
            yield Unmet("passage", f"to leave {self.zone}", "was not seen outside it afterwards")
        elif self.schedule is not None and self.passage != "leave" and not stay.inside:
            yield Unmet("zone", f"to be in {self.zone} within the schedule", "had left it")


def _whereabouts(presence: Presence) -> str:
    been = [stay.zone for stay in presence.zones]
    return f"was in {', '.join(been)}" if been else "was in no zone"
