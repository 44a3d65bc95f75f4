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
    """The schemas and those of the shapes by name, with references to these where they are used.

    Raises `ValueError` for two of one name, and for a shape that is used and not among `shapes`.
    """
    made = {shape.name: shape.make() for shape in shapes}
    found = dict(schemas)
    for name, schema in made.items():
        for part_name, part in {**schema.pop("$defs", {}), name: schema}.items():
            if found.setdefault(part_name, part) != part:
                raise ValueError(f"two schemas are called {part_name}")
    whole: Json = _referring(found, frozenset(made))
    return whole


def _referring(value: Any, known: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_referring(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    rest = {key: _referring(item, known) for key, item in value.items() if key != _MARK}
    if _MARK not in value:
        return rest
    if value[_MARK] not in known:
        raise ValueError(f"the dialect does not name the shape {value[_MARK]}")
    return {"$ref": REFERENCE.format(model=value[_MARK]), **rest}
