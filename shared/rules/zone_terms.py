"""What a zone's own settings ask before rules fire on what stands there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.unmet import Unmet, seconds


@dataclass(frozen=True, slots=True)
class ZoneTerms:
    """`alert_duration_s`: how long a thing is to have been in the zone; without `notification_enabled` none is told."""

    alert_duration_s: float = 0.0
    notification_enabled: bool = True

    @property
    def are_usual(self) -> bool:
        """Whether nothing is asked."""
        return self.alert_duration_s <= 0 and self.notification_enabled


NOTHING_ASKED: Final[Mapping[str, ZoneTerms]] = MappingProxyType({})


def held_back(presence: Presence, terms: Mapping[str, ZoneTerms], condition: Condition) -> Unmet | None:
    """What keeps rules from firing on the presence where it stands, or was last seen; None when nothing does.

    `terms` are those of the camera's zones that ask anything. Standing in several zones, the one that asks least
    decides; outside all of them nothing is asked. What waits for findings is not held back: a finding comes once.
    """
    if not terms or condition.modules():
        return None
    reasons = []
    for stay in presence.zones:
        # Whoever was last seen in a zone has not left it: with the end of a presence no stay is `inside` any more.
        if not stay.inside and stay.left_at is not None:
            continue
        asked = terms.get(stay.zone)
        if asked is None or (asked.notification_enabled and stay.dwell_s >= asked.alert_duration_s):
            return None
        reasons.append(
            Unmet(f"{stay.zone}.alert_duration", f"at least {seconds(asked.alert_duration_s)}", seconds(stay.dwell_s))
            if asked.notification_enabled
            else Unmet(f"{stay.zone}.notification_enabled", "a zone that notifies", "is switched off")
        )
    return reasons[0] if reasons else None
