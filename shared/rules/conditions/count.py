"""The condition that many are there at once: a crowd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.labels import Labels
from shared.rules.schedule import Schedule
from shared.rules.unmet import Unmet, asleep, seconds


def _whole(value: object) -> object:
    """JSON knows one kind of number: 5.0 is as whole as 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class CountCondition(Condition):
    """At least `at_least` of `labels` (none: of everything together) are in `zone` (none: in view) at the same time,
    and have been for `for_s` seconds, inside `schedule` (none: always).

    It holds for the one whose coming made them as many; a cooldown keeps a crowd that comes and goes from being told
    again and again.
    """

    kind: Literal["count"] = "count"
    at_least: Annotated[int, BeforeValidator(_whole)] = Field(ge=1, le=1000, examples=[5])
    labels: Labels = Field(default=frozenset(), examples=[["person"]])
    zone: str | None = Field(default=None, min_length=1, max_length=128, examples=["Zone Porte"])
    min_confidence: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    for_s: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False, examples=[10])
    schedule: Schedule | None = None

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        if self.schedule is not None and not self.schedule.awake(at):
            return False
        since = self._made_them_enough(presence, others)
        return since is not None and (at - since).total_seconds() >= self.for_s

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        if self.schedule is not None and not self.schedule.awake(at):
            yield asleep(self.schedule, at)
        there = sum(1 for _ in self._members((presence, *others)))
        since = self._made_them_enough(presence, others)
        if there < self.at_least:
            yield Unmet("at_least", f"{self.at_least} at the same time", str(there))
        elif since is None:
            yield Unmet("at_least", f"to be the one who makes them {self.at_least}", "is another")
        elif (at - since).total_seconds() < self.for_s:
            yield Unmet("for_s", f"for {seconds(self.for_s)}", seconds((at - since).total_seconds()))

    def held_until(self, presence: Presence, at: datetime) -> datetime:
        return at

    def zones(self) -> Mapping[str, str]:
        return {} if self.zone is None else {"zone": self.zone}

    def _made_them_enough(self, presence: Presence, others: Sequence[Presence]) -> datetime | None:
        """Since when they are enough, if it was this one's coming that made them so."""
        own = next(self._members((presence,)), None)
        if own is None or sum(other < own for other in self._members(others)) != self.at_least - 1:
            return None
        return own[0]

    def _members(self, presences: Sequence[Presence]) -> Iterator[tuple[datetime, str]]:
        """Since when each one that counts is there, and which it is."""
        for presence in presences:
            if self.labels and presence.label not in self.labels:
                continue
            since = presence.started_at if self.zone is None else self._since(presence)
            if since is not None and presence.confidence >= self.min_confidence:
                yield since, presence.id

    def _since(self, presence: Presence) -> datetime | None:
        stays = (stay for stay in presence.zones if stay.zone == self.zone and stay.inside)
        return next((stay.entered_at for stay in stays), None)
