"""Conditions about several things that happen one after the other, on several cameras. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.group import Part
from shared.rules.unmet import Unmet

MIN_STEPS: Final = 2
MAX_STEPS: Final = 5
MAX_WITHIN_S: Final = 3600.0


class Step(BaseModel):
    """A camera (none: the rule's), and what is to be seen there of somebody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str | None = Field(default=None, min_length=1, max_length=64, examples=["cam_001"])
    condition: Part

    @field_validator("condition")
    @classmethod
    def _is_about_presences(cls, condition: Condition) -> Condition:
        if condition.asks_findings():
            raise ValueError("cannot be about findings")
        return condition


def _with_conditions(value: object, info: ValidationInfo) -> object:
    """`parse_condition` reads the steps' conditions first, so that every problem is told at its own place."""
    parts: Mapping[str, Sequence[Condition | None]] = (info.context or {}).get("parts", {})
    if not isinstance(value, list) or "steps" not in parts:
        return value
    known = [*parts["steps"], *[None] * len(value)]
    return tuple(
        {**step, "condition": part} if part is not None and isinstance(step, Mapping) else step
        for step, part in zip(value, known, strict=False)
    )


class InSteps(Condition):
    """The base of conditions that are fulfilled by steps, each later than the one before, within `within_s` seconds."""

    about_several: ClassVar[bool] = True
    parts_field: ClassVar[str | None] = "steps"

    within_s: float = Field(gt=0, le=MAX_WITHIN_S, allow_inf_nan=False, examples=[60])
    steps: Annotated[
        tuple[Step, ...], BeforeValidator(_with_conditions), Field(min_length=MIN_STEPS, max_length=MAX_STEPS)
    ]

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        """Never: what one presence does is one step."""
        return False

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        done = [index + 1 for index, step in enumerate(self.steps) if step.camera == presence.camera
                and step.condition.holds(presence, at, others)]  # fmt: skip
        was = f"was step {' and '.join(map(str, done))} alone" if done else "was none of them"
        yield Unmet("steps", f"all {len(self.steps)} in order within {self.within_s:g} s", was)

    def cameras(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.camera for step in self.steps if step.camera is not None))

    def on(self, camera: str | None) -> Self:
        """The same, with `camera` for the steps that name none."""
        if camera is None:
            return self
        steps = tuple(step if step.camera else step.model_copy(update={"camera": camera}) for step in self.steps)
        copy = self.model_copy(update={"steps": steps})
        copy.__dict__.pop("digest", None)  # it goes with the copy, and is that of another sequence now
        return copy

    @cached_property
    def digest(self) -> str:
        """Short, and another one for every other sequence: what was done for one is nothing to another."""
        document: dict[str, Any] = self.document()
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
