"""What a camera says of the specialists, as clients write and read it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.domain.camera_modules import LEAST_EVERY_S, MOST_BURST, USUAL_BURST, USUAL_BURST_FPS, USUAL_EVERY_S
from shared.domain.module import SCENE_MODULES, ModuleName

_Item = Annotated[str, Field(min_length=1, max_length=64)]
_SCENE = ("every_s", "burst", "burst_fps")


class CameraModuleBody(BaseModel):
    """How one module treats the camera.

    `enabled` false leaves the camera out, whatever rules say. Modules that look at the whole picture (fire_smoke) do so
    only where `enabled` is true: every `every_s` seconds at `burst` pictures, `burst_fps` a second. `required` is the
    protective equipment that everybody must wear (ppe).
    """

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    every_s: float | None = Field(
        default=None,
        ge=LEAST_EVERY_S,
        le=86_400,
        allow_inf_nan=False,
        description=f"seconds, default {USUAL_EVERY_S:g}",
    )
    burst: int | None = Field(default=None, ge=1, le=MOST_BURST, description=f"pictures, default {USUAL_BURST}")
    burst_fps: float | None = Field(
        default=None, ge=0.5, le=10, allow_inf_nan=False, description=f"a second, default {USUAL_BURST_FPS:g}"
    )
    required: list[_Item] | None = Field(default=None, max_length=16, examples=[["helmet", "vest"]])


CameraModules = dict[ModuleName, CameraModuleBody]


class WithModules(BaseModel):
    """A body with `modules`. What a module does not know is refused by name."""

    @model_validator(mode="after")
    def _know_what_is_said(self) -> Any:
        modules: CameraModules | None = getattr(self, "modules", None)
        for name, said in (modules or {}).items():
            known = {"enabled", *(_SCENE if name in SCENE_MODULES else ()), *(("required",) if name == "ppe" else ())}
            foreign = sorted(said.model_fields_set - known)
            if foreign:
                words = {"module": name, "keys": ", ".join(foreign), "known": ", ".join(sorted(known))}
                raise PydanticCustomError("modules", "modules.{module} has no {keys} – known keys: {known}", words)
        return self


def modules_document(modules: CameraModules | None) -> dict[str, Any] | None:
    """What is stored: what was said, no more."""
    if modules is None:
        return None
    return {name: said.model_dump(mode="json", exclude_unset=True) for name, said in modules.items()}
