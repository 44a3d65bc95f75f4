"""What a specialist found, as conditions look at it, and what of it satisfies one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.presence import Presence


@dataclass(frozen=True, slots=True)
class Found:
    """A module's results about a presence, or (None) about the camera's whole picture. `at` is when it was seen."""

    module: str
    results: Mapping[str, Any]
    at: datetime
    presence: Presence | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The thing that satisfies a condition.

    `box` (xyxy) is in pixels of picture `picture`, counted among those that were looked at; None where it is not said.
    """

    label: str
    confidence: float | None = None
    box: tuple[float, float, float, float] | None = None
    picture: int | None = None


def match_of(module: str, thing: Mapping[str, Any]) -> Match:
    """What people are told of a thing."""
    box, confidence = thing.get("bbox"), thing.get("confidence")
    place = thing.get("frame", thing.get("picture"))
    return Match(
        label=_label(module, thing)[:64],
        confidence=confidence if isinstance(confidence, int | float) else None,
        box=_box(box),
        picture=place if isinstance(place, int) and not isinstance(place, bool) else None,
    )


def _label(module: str, thing: Mapping[str, Any]) -> str:
    """The first thing that says what it is, in the words of the specialist."""
    for key in ("label", "plate_text", "person_name", "violations", "person_action", "gesture", "identity", "type"):
        said = thing.get(key)
        if isinstance(said, list):
            said = ", ".join(str(one) for one in said)
        if isinstance(said, str) and said:
            return said
    return "help signal" if thing.get("help_signal") is True else str(thing.get("text") or module)


def _box(said: object) -> tuple[float, float, float, float] | None:
    if not isinstance(said, list | tuple) or len(said) != 4:
        return None
    sides = [float(side) for side in said if isinstance(side, int | float)]
    return (sides[0], sides[1], sides[2], sides[3]) if len(sides) == 4 else None
