"""Settings from environment variables: `ARGUS_EYE__BATCH=4` is `eye.batch`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from pydantic import BaseModel, BeforeValidator

from shared.domain.errors import UserError
from shared.settings.root import Settings
from shared.settings.section import nearest

PREFIX = "ARGUS_"
SEPARATOR = "__"
# Names that begin like settings but steer the process, not the product.
PROCESS_NAMES = frozenset({"ARGUS_CONFIG", "ARGUS_INSTANCE", "ARGUS_CI", "ARGUS_RUN_DIR"})


def settings_in(environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings among the variables, nested and not validated yet.

    An empty variable counts as not set. A whole section, and a plug-in's free one, may be given as a JSON object;
    longer names go over it. Raises `UserError` for a name that is no setting, with the nearest one that is.
    """
    named = {name.upper(): value for name, value in environ.items() if name.upper().startswith(PREFIX)}
    values: dict[str, Any] = {}
    for name in sorted(named.keys() - PROCESS_NAMES):  # sorted: a section before what stands in it
        path = name.removeprefix(PREFIX).lower().split(SEPARATOR)
        structured = _check(name, path)
        if named[name]:
            _put(values, path, _value(name, named[name], structured=structured))
    return values


def env_name(*path: str) -> str:
    """The variable of the setting at the path."""
    return PREFIX + SEPARATOR.join(path).upper()


def _check(name: str, path: list[str]) -> bool:
    """Whether the value may be JSON: for a section, a plug-in's free sub-section or a list of sections."""
    kind: type[BaseModel] = Settings
    for position, part in enumerate(path):
        if part not in kind.model_fields:
            raise _unknown(name, path[:position], kind)
        annotation = kind.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            plain = not any(isinstance(item, BeforeValidator) for item in kind.model_fields[part].metadata)
            free = plain and get_origin(annotation) is dict
            if position + 1 < len(path) and (not free or "" in path):
                raise _unknown(name, path[:position], kind)
            return plain and get_origin(annotation) in (dict, tuple)
        kind = annotation
    return True


def _unknown(name: str, parents: list[str], kind: type[BaseModel]) -> UserError:
    # One underscore where there should be two is the commonest slip: look for the whole name first.
    close = [known for known in _leaves(parents, kind) if known.replace(SEPARATOR, "_") == name.replace(SEPARATOR, "_")]
    known = close or [env_name(*parents, field) for field in kind.model_fields]
    return UserError(name, "unknown setting", remedy=nearest(name, known))


def _leaves(parents: list[str], kind: type[BaseModel]) -> Iterator[str]:
    for field, info in kind.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _leaves([*parents, field], info.annotation)
        else:
            yield env_name(*parents, field)


def _value(name: str, text: str, *, structured: bool) -> Any:
    """Scalars stay text, which validation turns into what is wanted: a token of digits must stay one."""
    if not structured or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UserError(name, "is not valid JSON", remedy='write something like {"name": 1}') from None


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        below = values.setdefault(part, {})
        if not isinstance(below, dict):
            return  # the section itself is given as something else, and is refused for that
        values = below
    values[path[-1]] = value
