"""Loading a plug-in of the eye by its name in a CATALOGUE."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from shared.domain.errors import UserError
from shared.settings.section import nearest


def load_class(kind: str, name: str, *, catalogue: Mapping[str, str]) -> Any:
    """The class behind `name`. Raises `UserError` with the nearest name when there is none."""
    if name not in catalogue:
        raise UserError(kind, f"there is no {kind} {name!r}", remedy=nearest(name, catalogue))
    module, _, attribute = catalogue[name].partition(":")
    return getattr(import_module(module), attribute)
