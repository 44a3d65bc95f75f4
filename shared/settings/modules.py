"""The settings of the workers that run specialists."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from shared.domain.module import MODULES
from shared.settings.section import Section
from shared.settings.sections import Plugins, Words


class ModulesSettings(Section):
    """Specialists that look closer."""

    enabled: Words = Field(default=(), description="specialists this worker runs; empty: all that can run here")
    queues: tuple[Literal["modules", "modules.gpu"], ...] = Field(
        default=("modules",), min_length=1, description="queues this worker takes jobs from"
    )
    concurrency: int = Field(
        default=1, ge=1, le=64, description="jobs at once per worker, each in a process with models of its own"
    )
    threads: int = Field(default=1, ge=1, le=64, description="threads a specialist may keep busy")
    warm: bool = Field(
        default=False, description="keep all models in memory; else each is opened when needed and let go when idle"
    )
    idle_s: float = Field(default=300.0, gt=0, description="how long a worker that is not warm keeps idle models")
    time_limit_s: float = Field(default=60.0, gt=0, le=3600, description="for one job; it is then broken off")
    kill_after_s: float = Field(
        default=10.0, gt=0, le=600, description="added to the time limit: a job that does not break off is killed then"
    )
    queue_bound: int = Field(default=200, ge=1, le=100_000, description="open jobs beyond which new ones are refused")
    scene: Words = Field(
        default=(), description="specialists that look at every camera's whole picture, unless the camera says no"
    )
    specialists: Plugins = Field(default_factory=dict, description="each specialist's own settings by its name")

    @field_validator("scene")
    @classmethod
    def _are_modules(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in MODULES]
        if unknown:
            raise ValueError(f"there is no module {unknown[0][:64]!r}; known names: {', '.join(MODULES)}")
        return names
