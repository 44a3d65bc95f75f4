"""A dialect: one way of speaking the API."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from flask_openapi3 import APIBlueprint, Info
from pydantic import BaseModel

from services.gateway.dialects import CATALOGUE
from services.gateway.problem import Problem
from shared.domain.errors import UserError

SecuritySchemes = dict[str, dict[str, Any]]


class Dialect(Protocol):
    """Translates requests into use cases and queries, and results and problems into its own words.

    `prefix` is where it lives beside the others (empty: the root); on a port of its own it lives at the root.
    """

    name: str
    prefix: str
    info: Info
    security_schemes: SecuritySchemes
    error_model: type[BaseModel]

    def blueprints(self) -> Sequence[APIBlueprint]:
        """Its endpoints, without the prefix."""

    def envelope(self, problem: Problem, *, now: datetime) -> Mapping[str, Any]:
        """The body of an error answer; status and headers are the problem's."""


def load_dialects(names: Sequence[str] = tuple(CATALOGUE)) -> list[Dialect]:
    """The dialects of the catalogue by name. Raises `UserError` for an unknown name, `ValueError` for two of a kind."""
    dialects = [_load(name) for name in names]
    for attribute in ("name", "prefix"):
        values = [getattr(dialect, attribute) for dialect in dialects]
        if len(set(values)) != len(values):
            raise ValueError(f"two dialects have the same {attribute}: {values}")
    return dialects


def _load(name: str) -> Dialect:
    if name not in CATALOGUE:
        near = difflib.get_close_matches(name, CATALOGUE, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(CATALOGUE)}"
        raise UserError("gateway.dialect_ports", f"no dialect is called {name!r}", remedy=remedy)
    module, _, attribute = CATALOGUE[name].partition(":")
    dialect: Dialect = getattr(import_module(module), attribute)()
    return dialect
