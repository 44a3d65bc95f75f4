"""The settings of `fire_smoke`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.settings.section import Section

Sensitivity = Literal["low", "normal", "high"]
Name = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]


class FireSmokeSettings(Section):
    """`sensitivity` scales all that is asked of a flame or of smoke. Flames smaller than `min_area_share` of the
    picture are not told, nor smoke smaller than twenty times that.

    It takes `min_frames` pictures over one background to be sure. `detector` names weights of the registry that find
    `fire` and `smoke` (layout yolov8 or yolox), which are then asked too and trusted from `detector_confidence` on.
    """

    sensitivity: Sensitivity = "normal"
    min_area_share: float = Field(default=0.001, ge=0.0001, le=0.2)
    min_frames: int = Field(default=4, ge=4, le=16)
    detector: Name = ""
    detector_confidence: float = Field(default=0.5, gt=0, le=1)
