"""The settings of `camera_health`."""

from __future__ import annotations

from pydantic import Field

from shared.settings.section import Section


class CameraHealthSettings(Section):
    """What is seen in `looks` looks in a row is told. A frozen picture is told once it has been the same for
    `frozen_after_s`.

    Another view becomes a usual one after `view_after_s`, whatever else stays as it is after `accept_after_s`.
    """

    looks: int = Field(default=2, ge=1, le=20)
    frozen_after_s: float = Field(default=60.0, ge=5, le=86_400, allow_inf_nan=False)
    view_after_s: float = Field(default=1800.0, ge=60, le=604_800, allow_inf_nan=False)
    accept_after_s: float = Field(default=86_400.0, ge=60, le=2_592_000, allow_inf_nan=False)
