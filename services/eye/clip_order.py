"""What the process that looks at a clip is told."""

from __future__ import annotations

from pydantic import BaseModel

from shared.domain.polygon import Polygon
from shared.domain.zone import Zone
from shared.messages.message import UtcTime


class ClipZone(BaseModel):
    """A zone as JSON."""

    name: str
    points: list[tuple[float, float]]
    labels: list[str]
    sensitivity: float

    @classmethod
    def of(cls, zone: Zone) -> ClipZone:
        return cls(
            name=zone.name,
            points=[(x, y) for x, y in zone.polygon.points],
            labels=sorted(zone.labels),
            sensitivity=zone.sensitivity,
        )

    def zone(self) -> Zone:
        return Zone(self.name, Polygon(tuple(self.points)), frozenset(self.labels), self.sensitivity)


class ClipOrder(BaseModel):
    """What is to be looked at: a clip that began at `began_at`, as if the camera had taken it."""

    camera: str
    began_at: UtcTime
    zones: list[ClipZone]
