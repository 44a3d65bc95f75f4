"""Why a condition does not hold, for people who ask. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.rules.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Unmet:
    """What is not fulfilled: the `field` of the condition (`conditions.0.zone`), what it asks and what was instead."""

    field: str
    wanted: str
    was: str

    def inside(self, place: str) -> Unmet:
        """The same, as told by the condition around it."""
        return replace(self, field=f"{place}.{self.field}" if self.field else place)


def words(names: frozenset[str]) -> str:
    """`car or person`, in a stable order."""
    return " or ".join(sorted(names))


def asleep(schedule: Schedule, at: datetime) -> Unmet:
    """That a schedule is asleep."""
    local = schedule.wall_clock(at)
    return Unmet("schedule", "a time inside its windows", f"{local:%A %H:%M:%S} ({schedule.timezone})")


def unsure(wanted: float, was: float) -> Unmet:
    """That the eye is not sure enough."""
    return Unmet("min_confidence", f"at least {wanted:.2f}", f"{was:.2f}")


def seconds(value: float) -> str:
    """`12.5 s`."""
    return f"{value:.1f} s"
