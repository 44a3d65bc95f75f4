"""Examples of whole requests, put together from those of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NONE = object()
_PREFIX = "#/components/schemas/"


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """`example` with what is required and what has an example of its own; nothing when something required has none."""
    value = _example(schema, schemas)
    return {"example": value} if value is not _NONE else {}


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    for candidate in (schema.get("examples", [_NONE])[0], schema.get("example", _NONE), schema.get("const", _NONE)):
        if candidate is not _NONE:
            return candidate
    if "$ref" in schema:
        return _example(schemas[str(schema["$ref"]).removeprefix(_PREFIX)], schemas)
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        return _object(schema, schemas)
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        found = _example(part, schemas)
        if found is not _NONE:
            return found
    return schema.get("default", _NONE) if schema.get("default") is not None else _NONE


def _object(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    found: dict[str, Any] = {}
    for name, field in schema["properties"].items():
        is_required = name in schema.get("required", ())
        value = _example(field, schemas) if is_required or _has_example(field) else _NONE
        if value is not _NONE:
            found[name] = value
        elif is_required:
            return _NONE
    return found


def _has_example(field: Mapping[str, Any]) -> bool:
    return "examples" in field or "example" in field or any("examples" in part for part in field.get("anyOf", ()))
