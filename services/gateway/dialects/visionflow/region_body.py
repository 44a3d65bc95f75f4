"""Detection areas as clients write and read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, Field, field_validator

from services.gateway.http.detection_classes import DetectionClasses
from services.gateway.http.fields import Name, Points
from services.gateway.http.timestamps import whole_seconds
from services.gateway.queries.cameras import ZoneView
from shared.cameras.zones import MAX_ZONES, ZoneSpec
from shared.domain.errors import InvalidInput, UserError

_SQUARE = [{"x": 100, "y": 150}, {"x": 300, "y": 150}, {"x": 300, "y": 400}, {"x": 100, "y": 400}]


class RegionBody(BaseModel):
    """A polygon in pixels of the camera's resolution; a point is `{"x": x, "y": y}` or `[x, y]`.

    Of `detection_classes`, `vehicle`, `animal` and `people` mean all of their kind; none means every class.
    """

    name: Name = Field(examples=["入口區域"])
    coordinates: Points = Field(examples=[_SQUARE])
    alert_duration: float = Field(default=0.0, ge=0, le=86_400, examples=[5], description="seconds")
    notification_enabled: bool = True
    detection_classes: DetectionClasses = Field(default_factory=list, examples=[["person", "vehicle"]])
    sensitivity: float = Field(default=1.0, ge=0, le=1)

    def spec(self) -> ZoneSpec:
        return ZoneSpec(
            name=self.name,
            points=tuple(self.coordinates),
            sensitivity=self.sensitivity,
            labels=tuple(self.detection_classes),
            alert_duration_s=self.alert_duration,
            notification_enabled=self.notification_enabled,
        )


class RegionsBody(BaseModel):
    """All detection areas of a camera: they take the place of those that are there."""

    regions: list[RegionBody] = Field(
        max_length=MAX_ZONES,
        examples=[
            [
                {
                    "name": "入口區域",
                    "coordinates": _SQUARE,
                    "alert_duration": 5,
                    "detection_classes": ["person", "vehicle"],
                }
            ]
        ],
    )

    @field_validator("regions")
    @classmethod
    def _names_differ(cls, regions: list[RegionBody]) -> list[RegionBody]:
        check_names(regions)
        return regions


class PointShown(BaseModel):
    x: int
    y: int


class RegionShown(BaseModel):
    id: int = Field(examples=[1])
    name: str = Field(examples=["入口區域"])
    coordinates: list[PointShown] = Field(examples=[_SQUARE])
    alert_duration: float = Field(examples=[5])
    notification_enabled: bool
    detection_classes: list[str] = Field(examples=[["person", "vehicle"]])
    sensitivity: float
    created_at: str = Field(examples=["2024-01-20T16:30:00Z"])


def check_names(regions: list[RegionBody]) -> None:
    """Raises `ValueError` when two have one name."""
    if len({region.name for region in regions}) != len(regions):
        raise ValueError("the areas must have different names")


@contextmanager
def named_here(areas: str) -> Iterator[None]:
    """The core's problems with zones, by the names that clients of this dialect know; `areas` is that of the list."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(
            [UserError(_renamed(each.field, areas), each.reason, remedy=each.remedy) for each in error.problems]
        ) from None


def _renamed(field: str, areas: str) -> str:
    names = {
        "zones": areas,
        "points": "coordinates",
        "labels": "detection_classes",
        "alert_duration_s": "alert_duration",
    }
    return ".".join(names.get(part, part) for part in field.split("."))


def region_document(zone: ZoneView) -> dict[str, Any]:
    seconds = zone.alert_duration_s
    return {
        "id": zone.id,
        "name": zone.name,
        "coordinates": [{"x": x, "y": y} for x, y in zone.points],
        "alert_duration": int(seconds) if float(seconds).is_integer() else seconds,
        "notification_enabled": zone.notification_enabled,
        "detection_classes": zone.labels,
        "sensitivity": zone.sensitivity,
        "created_at": whole_seconds(zone.created_at),
    }
