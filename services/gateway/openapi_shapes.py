"""Long shapes of values, which stand in the API's description once, however often they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Json = dict[str, Any]

REFERENCE: Final = "#/components/schemas/{model}"

_MARK: Final = "x-shape"


@dataclass(frozen=True, slots=True)
class Shape:
    """An annotation of values that have it. `make` is asked for its JSON Schema when the description is first read.

    Every model with such a value is described at each start, so a long schema in each of them would take seconds.
    """

    name: str
    make: Callable[[], JsonSchemaValue]

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {_MARK: self.name}


def shaped(schemas: Json, shapes: Iterable[Shape]) -> Json:
    """The schemas and those of the shapes by name, with references to these where they are used."""
    made = {shape.name: shape.make() for shape in shapes}
    parts = {name: part for schema in made.values() for name, part in schema.pop("$defs", {}).items()}
    whole: Json = _referring({**parts, **schemas, **made})
    return whole


def _referring(value: Any) -> Any:
    if isinstance(value, dict):
        rest = {key: _referring(item) for key, item in value.items() if key != _MARK}
        return {"$ref": REFERENCE.format(model=value[_MARK]), **rest} if _MARK in value else rest
    return [_referring(item) for item in value] if isinstance(value, list) else value
