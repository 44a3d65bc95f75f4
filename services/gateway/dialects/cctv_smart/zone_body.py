"""Zones as clients write them."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from services.gateway.http.detection_classes import DetectionClasses
from services.gateway.http.fields import Points
from services.gateway.queries.cameras import ZoneView
from shared.cameras.zones import ZoneSpec


class ZoneBody(BaseModel):
    """A named polygon in pixels of the camera's resolution.

    Points that all lie within 0..1 are fractions of the picture. `coordinates` is another name for `points`, and a
    point may be written `[x, y]` or `{"x": x, "y": y}`.
    """

    name: str = Field(min_length=1, max_length=128, examples=["Zone Porte"])
    points: Points = Field(
        validation_alias=AliasChoices("points", "coordinates"), examples=[[[0, 0], [100, 0], [100, 100], [0, 100]]]
    )
    sensitivity: float = Field(default=1.0, ge=0, le=1, examples=[0.8])
    classes: DetectionClasses = Field(default_factory=list)
    alert_duration: float = Field(default=0.0, ge=0, le=86_400, description="seconds")
    notification_enabled: bool = True

    def spec(self) -> ZoneSpec:
        return ZoneSpec(
            name=self.name,
            points=tuple(self.points),
            sensitivity=self.sensitivity,
            labels=tuple(self.classes),
            alert_duration_s=self.alert_duration,
            notification_enabled=self.notification_enabled,
        )


def zone_document(zone: ZoneView) -> dict[str, Any]:
    """The contract's three fields, and the others where they say something."""
    shown: dict[str, Any] = {"name": zone.name, "points": zone.points, "sensitivity": zone.sensitivity}
    if zone.labels:
        shown["classes"] = zone.labels
    if zone.alert_duration_s:
        shown["alert_duration"] = zone.alert_duration_s
    if not zone.notification_enabled:
        shown["notification_enabled"] = False
    return shown
