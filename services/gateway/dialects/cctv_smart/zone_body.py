"""Zones as clients write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, field_validator

from services.gateway.queries.cameras import ZoneView
from shared.cameras.zones import MAX_POINTS, ZoneSpec
from shared.domain.polygon import Polygon

_FARTHEST = 100_000.0


def _pairs(value: object) -> object:
    """`{x, y}` as `[x, y]`, and lists as the tuples that strict validation wants."""
    if not isinstance(value, list):
        return value
    return [_pair(each) for each in value]


def _pair(value: object) -> object:
    if isinstance(value, Mapping) and set(value) >= {"x", "y"}:
        return (value["x"], value["y"])
    return tuple(value) if isinstance(value, list) else value


Number = Annotated[float, Field(ge=0, le=_FARTHEST, allow_inf_nan=False)]
Points = Annotated[list[tuple[Number, Number]], Field(min_length=3, max_length=MAX_POINTS), BeforeValidator(_pairs)]


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
    classes: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(default_factory=list, max_length=128)
    alert_duration: float = Field(default=0.0, ge=0, le=86_400, description="seconds")
    notification_enabled: bool = True

    @field_validator("points")
    @classmethod
    def _is_a_polygon(cls, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        Polygon.of(points)
        return points

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
