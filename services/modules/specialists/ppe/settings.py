"""The settings of `ppe`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.domain.vocabulary import Equipment
from shared.settings.section import Section

Name = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]


class PpeSettings(Section):
    """`detector` names weights of the registry (layout yolov8 or yolox) that know protective equipment; there are
    none by default. `persons` names those that find people, where they were pulled.

    `required` is what everybody must wear unless the camera says otherwise. An item is worn, or missing by a class
    such as NO-Hardhat, from `confidence` on. Of the items named in `absence_counts` it is also missing when nothing
    of it is seen, not even with `doubt`, on a person at least `absence_height_px` pixels high who shows the part of
    the body it is worn on: name only items that the detector finds nearly always. People less than `min_height_px`
    pixels high are not judged; of a whole scene at most the `most_persons` largest are.
    """

    detector: Name = ""
    persons: Name = "yolox_nano"
    required: tuple[Equipment, ...] = ("helmet", "vest")
    confidence: float = Field(default=0.2, gt=0, le=1)
    doubt: float = Field(default=0.05, gt=0, le=1)
    absence_counts: tuple[Equipment, ...] = ("helmet", "vest")
    absence_height_px: int = Field(default=120, ge=32, le=4000)
    min_height_px: int = Field(default=60, ge=16, le=4000)
    most_persons: int = Field(default=8, ge=1, le=50)
