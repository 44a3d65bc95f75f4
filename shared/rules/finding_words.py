"""Words that can be asked for in findings, and why others cannot. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from shared.domain.vocabulary import (
    CAMERA_FAULTS,
    EQUIPMENT,
    FIRE_SIGNS,
    HAND_SIGNS,
    PERSON_ACTIONS,
    UNSURE,
    VEHICLE_COLOURS,
    VEHICLE_TYPES,
)
from shared.settings.section import nearest

WORDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "camera_health": {"label": CAMERA_FAULTS},
    "fire_smoke": {"label": FIRE_SIGNS},
    "gesture": {"gesture": HAND_SIGNS},
    "pose": {"person_action": PERSON_ACTIONS},
    "ppe": {"violation": EQUIPMENT},
    "vehicle": {"color": (*VEHICLE_COLOURS, UNSURE), "vehicle_type": (*VEHICLE_TYPES, UNSURE)},
}
"""All that can ever be found, by module and by key of the condition; what is not here has no end."""

_DOWN: Final = frozenset({"down", "camera_down", "offline"})
_MOST_TOLD: Final = 5


def strange_words(module: str, key: str, asked: Collection[str]) -> str | None:
    """What is wrong with the words, each with its remedy; None when all can be found. Case means nothing."""
    known = WORDS.get(module, {}).get(key)
    if known is None:
        return None
    strange = sorted(word for word in asked if word.casefold() not in known)
    told = [f"{module} never says {word[:64]!r} – {_remedy(module, word, known)}" for word in strange[:_MOST_TOLD]]
    if len(strange) > _MOST_TOLD:
        told.append(f"and {len(strange) - _MOST_TOLD} more")
    return "; ".join(told) or None


def _remedy(module: str, word: str, known: Collection[str]) -> str:
    if module == "camera_health" and word.casefold() in _DOWN:
        # It looks at pictures, and there are none; who watches the cameras' connections tells of that.
        return "leave it out: when a camera goes down, the event camera_down is raised and told without a rule"
    return nearest(word[:64], known)
