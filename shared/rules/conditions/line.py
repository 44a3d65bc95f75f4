"""The condition that something crosses a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.domain.line import Line
from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.labels import Labels
from shared.rules.schedule import Schedule
from shared.rules.unmet import Unmet, asleep, unsure, words

_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Point = Annotated[list[_Share], Field(min_length=2, max_length=2)]


class LineCondition(Condition):
    """Any of `labels` (none: everything) crosses the line from `start` to `end`, inside `schedule` (none: always).

    Points are [x, y] as shares of the picture's width and height, from its upper left corner. `direction` is where to,
    for somebody who stands at `start` and looks towards `end`. What crosses is the foot of a thing, the middle of its
    lower edge; between two pictures it goes straight.
    """

    kind: Literal["line"] = "line"
    start: _Point = Field(examples=[[0.1, 0.8]])
    end: _Point = Field(examples=[[0.9, 0.8]])
    direction: Literal["any", "to_left", "to_right"] = "any"
    labels: Labels = Field(default=frozenset(), examples=[["person"]])
    min_confidence: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        # Made here, so that a line without a length is refused.
        _ = self._line
        return self

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        if self.labels and presence.label not in self.labels:
            return False
        if presence.confidence < self.min_confidence or not (self.schedule is None or self.schedule.awake(at)):
            return False
        if presence.extent is None or self._line.is_out_of_reach(presence.extent):
            return False
        wanted = self.direction.removeprefix("to_")
        return any(wanted in ("any", side) for side in self._line.crossings(presence.path))

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        if self.labels and presence.label not in self.labels:
            yield Unmet("labels", words(self.labels), presence.label)
        if presence.confidence < self.min_confidence:
            yield unsure(self.min_confidence, presence.confidence)
        if self.schedule is not None and not self.schedule.awake(at):
            yield asleep(self.schedule, at)
        sides = set(self._line.crossings(presence.path))
        if not sides:
            yield Unmet("start", "to cross the line", "did not cross it")
        elif self.direction.removeprefix("to_") not in {"any", *sides}:
            crossed = " and ".join(f"to the {side}" for side in sorted(sides))
            yield Unmet("direction", self.direction.replace("_", " the "), f"crossed it {crossed}")

    @cached_property
    def _line(self) -> Line:
        return Line((self.start[0], self.start[1]), (self.end[0], self.end[1]))
