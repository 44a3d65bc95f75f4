"""The settings of `lpr`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.settings.section import Section

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z]{2})?$")]
Name = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]


class LprSettings(Section):
    """`countries` (such as ["BJ", "FR"]) are those whose plates to expect, the likeliest first; empty: any.

    Plates read with less than `min_confidence` are not told, nor those narrower than `min_width_px` pixels.
    `detector` names weights of the registry that find plates (layout lpd_yunet, yolov8 or yolox); empty: lpd_yunet
    where it was pulled, otherwise lines of text are looked for. `personal` also takes plates of letters only or of
    digits only, as some American states give them: expect shop signs and phone numbers among them.
    """

    countries: tuple[Country, ...] = ()
    min_confidence: float = Field(default=0.7, ge=0, le=1)
    min_width_px: int = Field(default=32, ge=8, le=1000)
    detector: Name = ""
    personal: bool = False
