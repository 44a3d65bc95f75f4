"""What can be read of a condition that is not all right, so that the rest of what is wrong is told too. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.errors import InvalidInput, UserError
from shared.rules.condition import MAX_DEPTH, MAX_PARTS, condition_kinds, parse_condition

_NOTHING: Final[Mapping[str, str]] = {}
# Lists and negations take turns, and the innermost condition stands in none.
_DEEPEST: Final = 2 * MAX_DEPTH + 2


@dataclass(frozen=True, slots=True)
class LegibleStep:
    """A step of which it is known on which camera it is to be seen (None: the rule's); `zones` by field of the step."""

    index: int
    camera: str | None
    zones: Mapping[str, str]


def is_in_steps(values: Mapping[str, Any]) -> bool:
    """Whether the JSON is meant to be a condition in steps."""
    return _parts_field(values) == "steps"


def legible_zones(values: Mapping[str, Any]) -> Mapping[str, str]:
    """The zones that the parts which can be read cannot do without, by the field that names each."""
    return _zones(values, depth=_DEEPEST)


def legible_steps(values: Mapping[str, Any]) -> tuple[LegibleStep, ...]:
    """The steps whose camera can be read."""
    return tuple(step for index, each in enumerate(_given(values)) if (step := _step(index, each)) is not None)


def stray_camera(values: Mapping[str, Any], camera: str | None) -> Iterator[UserError]:
    """That the camera which the rule names is none of its steps'. A step that cannot be read may be on it."""
    steps, given = legible_steps(values), values.get("steps")
    is_readable = isinstance(given, list) and 0 < len(steps) == len(given)
    if camera and is_readable and all(step.camera not in (None, camera) for step in steps):
        yield UserError("camera_id", "is no camera of the rule's sequence", remedy="name it in a step, or leave it out")


def unplaced_steps(values: Mapping[str, Any], camera: str | None) -> Iterator[UserError]:
    """The steps without a camera, where the rule names none either."""
    for step in legible_steps(values) if not camera else ():
        if not step.camera:
            yield UserError(f"condition.steps.{step.index}.camera", "is required where the rule has no camera")


def _given(values: Mapping[str, Any]) -> list[object]:
    given = values.get("steps")
    return given[:MAX_PARTS] if isinstance(given, list) else []


def _step(index: int, given: object) -> LegibleStep | None:
    if not isinstance(given, Mapping):
        return None
    camera, condition = given.get("camera"), given.get("condition")
    if camera is not None and not (isinstance(camera, str) and camera):
        return None
    zones = legible_zones(condition) if isinstance(condition, Mapping) else _NOTHING
    return LegibleStep(index, camera, {f"condition.{field}": zone for field, zone in zones.items()})


def _zones(values: Mapping[str, Any], *, depth: int) -> Mapping[str, str]:
    try:
        return parse_condition(values).zones()
    except InvalidInput:
        if depth == 0:
            return _NOTHING
    found: dict[str, str] = {}
    for place, part in _parts(values):
        found |= {f"{place}.{field}": zone for field, zone in _zones(part, depth=depth - 1).items()}
    return found


def _parts(values: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    field = _parts_field(values)
    given = values.get(field) if field is not None else None
    if field == "conditions" and isinstance(given, list):
        named = [(f"{field}.{index}", part) for index, part in enumerate(given[:MAX_PARTS])]
    else:
        named = [(str(field), given)] if field == "condition" else []
    return [(place, part) for place, part in named if isinstance(part, Mapping)]


def _parts_field(values: Mapping[str, Any]) -> str | None:
    name = values.get("kind")
    kind = condition_kinds().get(name) if isinstance(name, str) else None
    return kind.parts_field if kind is not None else None
