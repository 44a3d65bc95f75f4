"""The condition that one of several conditions holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from shared.domain.presence import Presence
from shared.rules.found import Found, Match
from shared.rules.group import Group
from shared.rules.unmet import Unmet


class AnyCondition(Group):
    """At least one of `conditions` holds."""

    kind: Literal["any"] = "any"

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        return any(condition.holds(presence, at, others) for condition in self.conditions)

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        if not self.holds(presence, at, others):
            yield from self.unmet_parts(presence, at, others)

    def held_until(self, presence: Presence, at: datetime) -> datetime:
        # Which of them hold is not known any more: the shortest is the one that can be relied on.
        return min(condition.held_until(presence, at) for condition in self.conditions)

    def found(self, finding: Found) -> Match | None:
        matches = [match for condition in self.conditions if (match := condition.found(finding)) is not None]
        return max(matches, key=lambda match: match.confidence or 0.0, default=None)
