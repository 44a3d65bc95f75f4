"""The condition that several conditions hold together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from shared.domain.presence import Presence
from shared.rules.found import Found, Match
from shared.rules.group import Group
from shared.rules.unmet import Unmet


class AllCondition(Group):
    """Every one of `conditions` holds, for the same presence at the same time.

    Where one of them waits for a finding, the others are asked of the presence when it comes. What is found in a
    scene is about nobody: there only other findings of the same look can hold beside it.
    """

    kind: Literal["all"] = "all"

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        return all(condition.holds(presence, at, others) for condition in self.conditions)

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        yield from self.unmet_parts(presence, at, others)

    def held_until(self, presence: Presence, at: datetime) -> datetime:
        return min(condition.held_until(presence, at) for condition in self.conditions)

    def found(self, finding: Found) -> Match | None:
        matches = [condition.found(finding) for condition in self.conditions]
        presence = finding.presence
        for condition, match in zip(self.conditions, matches, strict=True):
            if match is None and (presence is None or not condition.holds(presence, finding.at)):
                return None
        return max(filter(None, matches), key=lambda match: match.confidence or 0.0, default=None)
