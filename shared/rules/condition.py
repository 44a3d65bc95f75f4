"""Conditions: what a rule asks of a presence, and how one is read from JSON. Pure."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from shared.domain.errors import InvalidInput, UserError
from shared.domain.presence import Presence
from shared.plugin import load_class
from shared.rules.as_new import marked
from shared.rules.conditions import CATALOGUE
from shared.rules.found import Found, Match
from shared.rules.unmet import Unmet
from shared.settings.section import fields_at, nearest

DEFAULT_KIND = "presence"

MAX_PARTS: Final = 16
MAX_DEPTH: Final = 2
"""How many lists of conditions may stand inside each other."""

_MAX_PROBLEMS = 20

_Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Around:
    """What a condition stands in: how many lists it may hold inside each other, a `not`, any other; a `new` rule."""

    new: bool
    depth: int = MAX_DEPTH
    negated: bool = False
    within: bool = False


class Condition(BaseModel, ABC):
    """One kind of condition (a plug-in of `shared.rules.conditions`): a frozen value made from JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parts_field: ClassVar[str | None] = None
    """The field that holds other conditions, a list of them or one; None for a condition that stands by itself."""
    about_camera: ClassVar[bool] = False
    """Whether it is about a camera instead of a presence, and so cannot be part of another condition."""
    about_several: ClassVar[bool] = False
    """Whether it is about presences one after the other instead of one, and so cannot be part of another condition."""

    kind: str

    @abstractmethod
    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        """Whether the presence, as known at `at`, satisfies it. Pure; the same input gives the same answer.

        `others` are the camera's further presences at that time, as they were last told.
        """

    @abstractmethod
    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        """Everything that keeps it from holding; nothing, if and only if it `holds`. Slower, for people who ask why."""

    def held_until(self, presence: Presence, at: datetime) -> datetime:
        """When it held last, of a presence for which it holds as known at `at`; long past for what takes a moment."""
        return presence.started_at

    def cameras(self) -> tuple[str, ...]:
        """The cameras that it names itself; none: it is asked of those of its rule."""
        return ()

    def zones(self) -> Mapping[str, str]:
        """The zones without which it can never hold, by the field that names each; of the rule's own camera."""
        return {}

    def modules(self) -> tuple[str, ...]:
        """The specialists that must look at a presence for it ever to hold."""
        return ()

    def asks_findings(self) -> bool:
        """Whether it, or a part of it, is about what specialists find."""
        return False

    def awaits(self, presence: Presence, at: datetime) -> bool:
        """Whether what those specialists find about this presence could make it hold."""
        return False

    def found(self, finding: Found) -> Match | None:
        """What of the finding satisfies it, if anything. Pure; most conditions ask nothing of findings."""
        return None

    def document(self) -> dict[str, Any]:
        """What was said, as JSON: `parse_condition` reads the same condition from it."""
        return {"kind": self.kind} | self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def condition_kinds() -> dict[str, type[Condition]]:
    """Every kind of condition by its name, imported now."""
    return {name: _kind(name, path="kind") for name in CATALOGUE}


def parse_condition(values: Mapping[str, Any], *, path: str = "condition", new: bool = False) -> Condition:
    """The condition that the JSON describes; its `kind` names the plug-in (default: presence).

    Conditions may be made of others: lists of them (`all`, `any`) inside each other up to `MAX_DEPTH` deep, and `not`.
    Raises `InvalidInput` that names every wrong field, what was expected and the nearest valid name. A `new` one, which
    is not stored yet, is refused too for what can be read and can never hold.
    """
    return _parsed(values, path, _Around(new=new))


def _parsed(values: Mapping[str, Any], path: str, around: _Around) -> Condition:
    name = values.get("kind", DEFAULT_KIND)
    try:
        kind = _kind(name, path=f"{path}.kind".lstrip("."))
        _check_place(kind, path, around)
    except UserError as error:
        raise InvalidInput([error]) from None
    parts, problems, said = _parts(values, kind, path, around)
    try:
        # As JSON, so that lists are lists and numbers numbers: "5" is no number of seconds, nor is true.
        context = {"parts": parts} | marked(new=around.new)
        condition = kind.model_validate_json(json.dumps(values), strict=True, context=context)
    except ValidationError as error:
        problems += _problems(error, kind, path, said=said)
        raise InvalidInput(problems) from None
    if problems:
        raise InvalidInput(problems)
    return condition


def _check_place(kind: type[Condition], path: str, around: _Around) -> None:
    place = f"{path}.kind".lstrip(".")
    if kind.about_camera and around.within:
        raise UserError(place, "cannot be part of another condition: it is about the camera, not about somebody there")
    if kind.about_several and around.within:
        raise UserError(place, "cannot be part of another condition: it is about several, one after the other")
    if kind.parts_field == "condition" and around.negated:
        raise UserError(place, "stands inside another not", remedy="leave both out")
    if kind.parts_field == "conditions" and around.depth == 0:
        raise UserError(place, f"stands inside {MAX_DEPTH} other lists of conditions", remedy="use fewer levels")


def _parts(
    values: Mapping[str, Any], kind: type[Condition], path: str, around: _Around
) -> tuple[dict[str, Any], list[UserError], set[_Place]]:
    """The conditions that this one is made of, read; what is wrong with them, and the places of which all is said."""
    field = kind.parts_field
    if field == "steps":
        return _steps(values.get(field), f"{path}.{field}".lstrip("."), around)
    parts, problems = _inner(values, field, path, around)
    return parts, problems, {(field,)} if field is not None and problems else set()


def _steps(given: object, place: str, around: _Around) -> tuple[dict[str, Any], list[UserError], set[_Place]]:
    """The condition of each step, None where there is none to be read."""
    problems: list[UserError] = []
    said: set[_Place] = set()
    found: list[Condition | None] = []
    inner = replace(around, within=True)
    for index, step in enumerate(given[:MAX_PARTS] if isinstance(given, list) else ()):
        values = step.get("condition") if isinstance(step, Mapping) else None
        try:
            inside = f"{place}.{index}.condition"
            found.append(_parsed(values, inside, inner) if isinstance(values, Mapping) else None)
        except InvalidInput as error:
            problems += error.problems
            said.add(("steps", index, "condition"))
            found.append(None)
    return {"steps": tuple(found)}, problems, said


def _inner(
    values: Mapping[str, Any], field: str | None, path: str, around: _Around
) -> tuple[dict[str, Any], list[UserError]]:
    given = values.get(field) if field is not None else None
    problems: list[UserError] = []
    depth = around.depth - (field == "conditions")
    inner = replace(around, depth=depth, negated=field == "condition", within=True)

    def read(part: Mapping[str, Any], place: str) -> Condition | None:
        try:
            return _parsed(part, place, inner)
        except InvalidInput as error:
            problems.extend(error.problems)
            return None

    place = f"{path}.{field}".lstrip(".")
    if isinstance(given, Mapping) and field == "condition":
        return {field: read(given, place)}, problems
    if isinstance(given, list) and len(given) > MAX_PARTS:
        return {}, [UserError(place, f"must hold at most {MAX_PARTS}")]
    if isinstance(given, list) and field == "conditions":
        if all(isinstance(part, Mapping) for part in given):
            return {field: tuple(read(part, f"{place}.{index}") for index, part in enumerate(given))}, problems
        strange = next(index for index, part in enumerate(given) if not isinstance(part, Mapping))
        return {}, [UserError(f"{place}.{strange}", "must be a condition")]
    return {}, problems


def _kind(name: object, *, path: str) -> type[Condition]:
    if not isinstance(name, str):
        raise UserError(path, "must be text", remedy=f"known names: {', '.join(CATALOGUE)}")
    kind: type[Condition] = load_class("kind of condition", name, catalogue=CATALOGUE, field=path)
    return kind


def _problems(
    error: ValidationError, kind: type[Condition], path: str, *, said: Collection[_Place]
) -> Iterator[UserError]:
    """What pydantic says; nothing of the places of which all is `said`."""
    errors = [
        each
        for each in error.errors(include_url=False, include_input=False)
        if not any(each["loc"][: len(place)] == place for place in said)
    ]
    for each in errors[:_MAX_PROBLEMS]:
        location = [str(part)[:64] for part in each["loc"]]
        yield _problem(each, location, kind, field=".".join(filter(None, [path, *location])))
    if len(errors) > _MAX_PROBLEMS:
        yield UserError(path, f"has {len(errors) - _MAX_PROBLEMS} more problems")


def _problem(each: ErrorDetails, location: list[str], kind: type[Condition], *, field: str) -> UserError:
    match each["type"]:
        case "extra_forbidden":
            return UserError(field, "is not known", remedy=nearest(location[-1], fields_at(kind, location[:-1])))
        case "missing":
            return UserError(field, "is required")
        case "too_long":
            return UserError(field, f"must hold at most {each['ctx']['max_length']}")
    reason = each["msg"].removeprefix("Value error, ")
    return UserError(field, reason[:1].lower() + reason[1:])
