"""The settings of `reid`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.settings.section import Section

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class ReidSettings(Section):
    """`model` names weights of the registry (layout embedding), or is "auto": osnet_x0_25 where it was pulled, else
    "colour_layout", which needs none.

    Bodies less than `min_height_px` pixels high, or of less than `min_quality`, are told and not embedded.
    """

    model: Name = "auto"
    min_height_px: int = Field(default=48, ge=16, le=1000)
    min_quality: float = Field(default=0.2, ge=0, le=1)
