"""The settings of `vehicle`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.settings.section import Section

Name = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]


class VehicleSettings(Section):
    """`detector` names weights of the registry (layout yolox or yolov8) that know cars, trucks, buses …; empty: none,
    then only the label of the event tells the type.

    A type or colour less certain than `min_type_confidence` and `min_colour_confidence` is "unknown". Vehicles with
    a side under `min_side_px` pixels are not looked at; of a whole scene at most the `most_vehicles` largest are.
    """

    detector: Name = "yolox_nano"
    min_type_confidence: float = Field(default=0.3, ge=0, le=1)
    min_colour_confidence: float = Field(default=0.6, ge=0, le=1)
    min_side_px: int = Field(default=24, ge=8, le=1000)
    most_vehicles: int = Field(default=8, ge=1, le=50)
