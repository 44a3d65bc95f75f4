"""A dialect: one way of speaking the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from flask import Request
from flask_openapi3 import APIBlueprint, Info
from pydantic import BaseModel

from services.gateway.auth.authenticator import Credentials
from services.gateway.dialects import CATALOGUE
from services.gateway.openapi_shapes import Shape
from services.gateway.problem import Problem
from shared.plugin import load_class

SecuritySchemes = dict[str, dict[str, Any]]


class Dialect(Protocol):
    """Translates requests into use cases and queries, and results and problems into its own words.

    `prefix` is where it lives beside the others (empty: the root); on a port of its own it lives at the root.
    `invalid_status` is how it answers what cannot be understood: 400 or 422, `unreachable_status` how
    it says that what it stands on (the database, Redis) does not answer: 503, or 500 where its contract has no other.
    `shapes` are those that its bodies are annotated with.
    """

    name: str
    prefix: str
    info: Info
    security_schemes: SecuritySchemes
    error_model: type[BaseModel]
    invalid_status: int
    unreachable_status: int
    shapes: Sequence[Shape]

    def blueprints(self) -> Sequence[APIBlueprint]:
        """Its endpoints, without the prefix."""

    def credentials(self, request: Request, address: str) -> Credentials:
        """What a request, sent from `address`, brought along to say who asks; never raises for what it brought."""

    def envelope(self, problem: Problem, *, now: datetime) -> Mapping[str, Any]:
        """The body of an error answer; status and headers are the problem's."""


def load_dialects(names: Sequence[str] = tuple(CATALOGUE)) -> list[Dialect]:
    """The dialects of the catalogue by name. Raises `UserError` for an unknown name, `ValueError` for two of a kind."""
    classes = [load_class("dialect", name, catalogue=CATALOGUE, field="gateway.dialect_ports") for name in names]
    dialects: list[Dialect] = [dialect() for dialect in classes]
    for attribute in ("name", "prefix"):
        values = [getattr(dialect, attribute) for dialect in dialects]
        if len(set(values)) != len(values):
            raise ValueError(f"two dialects have the same {attribute}: {values}")
    return dialects
