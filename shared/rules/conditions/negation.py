"""The condition that another one does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import field_validator

from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.group import Part
from shared.rules.unmet import Unmet


class NotCondition(Condition):
    """`condition` does not hold. It cannot be about findings: that nothing was found yet is no news."""

    parts_field: ClassVar[str | None] = "condition"

    kind: Literal["not"] = "not"
    condition: Part

    @field_validator("condition")
    @classmethod
    def _is_about_presences(cls, condition: Condition) -> Condition:
        if condition.asks_findings():
            raise ValueError("cannot be about findings: that nothing was found yet is no news")
        return condition

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        return not self.condition.holds(presence, at, others)

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        if self.condition.holds(presence, at, others):
            yield Unmet("condition", "not to hold", "holds")

    def held_until(self, presence: Presence, at: datetime) -> datetime:
        return at

    def zones(self) -> Mapping[str, str]:
        return {f"condition.{field}": zone for field, zone in self.condition.zones().items()}
