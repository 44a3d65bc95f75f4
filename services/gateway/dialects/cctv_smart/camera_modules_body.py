"""What a camera says of the specialists, as clients write and read it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from shared.domain.camera_modules import (
    LEAST_EVERY_S,
    MOST_BURST,
    UNHURRIED,
    USUAL_BURST,
    USUAL_BURST_FPS,
    USUAL_EVERY_S,
)
from shared.domain.module import MODULES, SCENE_MODULES

_Item = Annotated[str, Field(min_length=1, max_length=64)]


class CameraModuleBody(BaseModel):
    """How a module treats the camera: `enabled` false leaves the camera out, whatever rules say."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True


class SceneModuleBody(CameraModuleBody):
    """How a module that looks at the whole picture treats the camera.

    It looks only where `enabled` is true: every `every_s` seconds at `burst` pictures, `burst_fps` a second.
    """

    every_s: float | None = Field(
        default=None,
        ge=LEAST_EVERY_S,
        le=86_400,
        allow_inf_nan=False,
        description=f"seconds, default {USUAL_EVERY_S:g} (camera_health: {UNHURRIED['camera_health'][0]:g})",
    )
    burst: int | None = Field(
        default=None,
        ge=1,
        le=MOST_BURST,
        description=f"pictures, default {USUAL_BURST} (camera_health: {UNHURRIED['camera_health'][1]})",
    )
    burst_fps: float | None = Field(
        default=None, ge=0.5, le=10, allow_inf_nan=False, description=f"a second, default {USUAL_BURST_FPS:g}"
    )


class PpeModuleBody(CameraModuleBody):
    """How `ppe` treats the camera: `required` is the protective equipment that everybody must wear."""

    required: list[_Item] | None = Field(default=None, max_length=16, examples=[["helmet", "vest"]])


def _body_of(module: str) -> type[CameraModuleBody]:
    if module in SCENE_MODULES:
        return SceneModuleBody
    return PpeModuleBody if module == "ppe" else CameraModuleBody


# One field for each module, so that the document says of each what it knows.
_FIELDS: dict[str, Any] = {name: (_body_of(name) | None, None) for name in MODULES}
CameraModules = create_model("CameraModules", __config__=ConfigDict(extra="forbid"), **_FIELDS)


def modules_document(modules: BaseModel | None) -> dict[str, Any] | None:
    """What is stored: what was said, no more."""
    return None if modules is None else modules.model_dump(mode="json", exclude_unset=True, exclude_none=True)
