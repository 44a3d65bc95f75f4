"""Loading a plug-in by its name in a CATALOGUE of strings."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from shared.domain.errors import UserError
from shared.settings.section import nearest


def load_class(kind: str, name: str, *, catalogue: Mapping[str, str], field: str = "") -> Any:
    """The class behind `name`, imported now.

    Raises `UserError` with the nearest name when there is none; `field` is what the operator wrote it in.
    """
    if name not in catalogue:
        raise UserError(field or kind, f"there is no {kind} {name[:64]!r}", remedy=nearest(name, catalogue))
    module, _, attribute = catalogue[name].partition(":")
    return getattr(import_module(module), attribute)
