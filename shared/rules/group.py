"""Conditions that are made of conditions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo

from shared.domain.presence import Presence
from shared.rules.condition import MAX_PARTS, Condition
from shared.rules.unmet import Unmet


def _read_before(value: object, info: ValidationInfo) -> object:
    """`parse_condition` reads the parts first, so that every problem is told at its own place."""
    parts: Mapping[str, object] = (info.context or {}).get("parts", {})
    return parts.get(info.field_name or "", value)


def _document(condition: Condition) -> dict[str, Any]:
    return condition.document()


Part = Annotated[Condition, BeforeValidator(_read_before), PlainSerializer(_document, return_type=dict)]
Parts = Annotated[
    tuple[Annotated[Condition, PlainSerializer(_document, return_type=dict)], ...],
    BeforeValidator(_read_before),
    Field(min_length=1, max_length=MAX_PARTS),
]


class Group(Condition):
    """The base of conditions about several others."""

    parts_field: ClassVar[str | None] = "conditions"

    conditions: Parts

    def zones(self) -> Mapping[str, str]:
        return {
            f"conditions.{index}.{field}": zone
            for index, condition in enumerate(self.conditions)
            for field, zone in condition.zones().items()
        }

    def unmet_parts(self, presence: Presence, at: datetime, others: Sequence[Presence]) -> Iterator[Unmet]:
        """What is not fulfilled of any of the conditions."""
        for index, condition in enumerate(self.conditions):
            for each in condition.unmet(presence, at, others):
                yield each.inside(f"conditions.{index}")

    def modules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for condition in self.conditions for name in condition.modules()))

    def awaits(self, presence: Presence, at: datetime) -> bool:
        return any(condition.awaits(presence, at) for condition in self.conditions)

    def asks_findings(self) -> bool:
        return any(condition.asks_findings() for condition in self.conditions)
