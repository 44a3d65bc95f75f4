"""The base of every group of settings: unknown keys are errors that name the nearest valid one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.domain.errors import UserError
from shared.domain.masking import mask_credentials

_SECRET_WORDS = ("pass", "secret", "token", "key", "url", "auth", "credential", "dsn", "pin")
# What should have had a structure, and is something else, may be a secret as well.
_STRUCTURES = frozenset({"dict_type", "list_type", "tuple_type", "set_type", "frozen_set_type"})
_HIDDEN = "a value that is not shown"

S = TypeVar("S", bound=BaseModel)


class Section(BaseModel):
    """A frozen group of settings that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def parse_section(kind: type[S], values: Mapping[str, Any], *, path: str) -> S:
    """The settings of a plug-in from its free sub-section.

    Raises `UserError` with the path, what was expected and the nearest valid name.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise explain(error, kind, path=path) from None


def explain(error: ValidationError, kind: type[BaseModel], *, path: str = "") -> UserError:
    """The first of pydantic's errors as one line for the operator (all others are counted). Shows no secret."""
    errors = error.errors(include_url=False, include_context=False)
    first = errors[0]
    location = [str(part) for part in first["loc"]]
    field = ".".join(filter(None, [path, *location]))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if first["type"] == "extra_forbidden":
        known = fields_at(kind, location[:-1])
        return UserError(field, f"unknown setting{more}", remedy=nearest(location[-1], known))
    if first["type"] == "model_type":
        # A whole section is something else: whatever it is, it may hold what should not be shown.
        names = ", ".join(sorted(fields_at(kind, location)))
        return UserError(field, f"must be a group of settings{more}", remedy=f"known names: {names}")
    structured = first["type"] in _STRUCTURES
    given = f", got {_HIDDEN if structured else _shown(field, first['input'])}"
    return UserError(field, f"{first['msg']}{given}{more}", remedy="correct it in the environment or in argus.yaml")


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy that names the closest known name, or all of them."""
    names = {known_name.lower(): known_name for known_name in sorted(known)}
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return f"did you mean {names[close[0]]!r}?" if close else f"known names: {', '.join(names.values())}"


def _shown(field: str, value: object) -> str:
    # What has a structure of its own may hold a secret anywhere, as text too.
    structured = isinstance(value, dict | list | tuple) or str(value).lstrip()[:1] in ("{", "[")
    if structured or any(word in field.lower() for word in _SECRET_WORDS):
        return _HIDDEN
    return mask_credentials(repr(value))[:80]


def fields_at(kind: type[BaseModel], location: Iterable[str]) -> list[str]:
    """The names that are known where the location leads, as they are written; none where there is no group."""
    for part in location:
        if part.isdigit():
            continue
        field = next((each for name, each in kind.model_fields.items() if part in (name, each.alias)), None)
        inner = _group_in(field.annotation) if field else None
        if inner is None:
            return []
        kind = inner
    return [field.alias or name for name, field in kind.model_fields.items()]


def _group_in(annotation: object) -> type[BaseModel] | None:
    """The group that a field holds: itself, optional, or many of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _group_in(each)) is not None), None)
