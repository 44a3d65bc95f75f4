"""Loading a plug-in of the eye by its name in a CATALOGUE, with settings of its own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.domain.errors import UserError

S = TypeVar("S", bound=BaseModel)


def load_class(kind: str, name: str, *, catalogue: Mapping[str, str]) -> Any:
    """The class behind `name`. Raises `UserError` with the nearest name when there is none."""
    if name not in catalogue:
        near = difflib.get_close_matches(name, catalogue, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of: {', '.join(sorted(catalogue))}"
        raise UserError(kind, f"there is no {kind} {name!r}", remedy=hint)
    module, _, attribute = catalogue[name].partition(":")
    return getattr(import_module(module), attribute)


def parse_settings(kind: str, model: type[S], values: Mapping[str, Any]) -> S:
    """Validate a plug-in's own settings. Raises `UserError` naming the first wrong key."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        known = ", ".join(sorted(model.model_fields))
        raise UserError(f"{kind}.{path}", first["msg"], remedy=f"its settings are: {known}") from None
