"""Protective equipment, and what detectors call it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.vocabulary import EQUIPMENT, Equipment

_NAMES: Final[Mapping[Equipment, tuple[str, ...]]] = {
    "helmet": ("helmet", "hardhat", "safetyhelmet", "hat", "hardhelmet", "safetyhat", "headprotection"),
    "vest": ("vest", "safetyvest", "reflectivevest", "reflectivejacket", "safetyjacket", "hivis", "highvisvest"),
    "mask": ("mask", "facemask", "respirator", "medicalmask"),
    "gloves": ("glove", "safetyglove", "handglove"),
    "goggles": (
        "goggle",
        "glass",
        "glasses",
        "safetyglass",
        "safetyglasses",
        "safetygoggle",
        "eyewear",
        "eyeprotection",
    ),
    "boots": ("boot", "safetyboot", "safetyshoe", "shoe"),
    "suit": ("suit", "protectivesuit", "coverall", "safetysuit"),
    "ear_protection": ("earmuff", "earprotection", "earplug", "earprotector"),
    "harness": ("harness", "safetyharness"),
}
_BARE: Final[Mapping[str, Equipment]] = {"head": "helmet", "barehead": "helmet", "face": "mask", "bareface": "mask"}
_PERSONS: Final = frozenset({"person", "people", "human", "worker", "pedestrian", "man", "woman"})
_ITEM_OF: Final = {name: item for item, names in _NAMES.items() for name in names}
_WITHOUT = re.compile(r"^(no|non|not|without|missing|un|wo|w o)[\s]+")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")
_FILLERS: Final = frozenset({"with", "wearing", "worn", "on", "a", "the"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a class of a detector stands for: an item that is worn, or one that is not."""

    item: Equipment
    worn: bool


def meaning(label: str) -> Meaning | None:
    """What a detector's label says of equipment; None for anything else (a person, a ladder)."""
    words = " ".join(word for word in _WORDS.sub(" ", label).lower().split() if word not in _FILLERS)
    without = _WITHOUT.match(words)
    name = (words[without.end() :] if without else words).replace(" ", "")
    item = _ITEM_OF.get(name) or _ITEM_OF.get(name.removesuffix("s"))
    if item is not None:
        return Meaning(item, worn=without is None)
    if without is None and name in _BARE:
        return Meaning(_BARE[name], worn=False)
    return None


def is_person(label: str) -> bool:
    return label.lower() in _PERSONS


@dataclass(frozen=True, slots=True)
class Known:
    """What a detector can tell: items it sees when they are worn, and when they are not."""

    worn: frozenset[Equipment]
    missing: frozenset[Equipment]

    @property
    def items(self) -> tuple[Equipment, ...]:
        return tuple(item for item in EQUIPMENT if item in self.worn | self.missing)


def known(labels: Iterable[str]) -> Known:
    """What a detector with these labels can tell."""
    meanings = [found for label in labels if (found := meaning(label)) is not None]
    return Known(
        frozenset(one.item for one in meanings if one.worn), frozenset(one.item for one in meanings if not one.worn)
    )
