"""The settings of `pose`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.settings.section import Section
from shared.vision.persons import DETECTOR

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class PoseSettings(Section):
    """`model` names weights that find keypoints, or is "auto": the best that were pulled. `detector` finds the persons
    of a whole picture, from `confidence` on, at most `most_persons`.

    Of persons less than `min_height_px` high nothing is said. A fall takes at most `fall_within_s` from upright to
    lying.
    """

    model: Name = "auto"
    detector: Name = DETECTOR
    confidence: float = Field(default=0.4, gt=0, le=1)
    most_persons: int = Field(default=6, ge=1, le=32)
    min_height_px: int = Field(default=48, ge=16, le=1000)
    fall_within_s: float = Field(default=1.6, ge=0.5, le=5)
