"""What people are told of parts of Argus that fail or work again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.alerts.steadiness import Turn
from services.alerts.wording import Wording, marked

DISK, JUDGE, REDIS = "disk", "judge", "redis"

_TEXTS: Final[Mapping[str, Mapping[Turn, str]]] = {
    REDIS: {
        "down": marked("Redis does not answer: cameras are not watched"),
        "up": marked("Redis answers again"),
    },
    JUDGE: {
        "down": marked("the judge does not answer: alerts go out unverified"),
        "up": marked("the judge answers again"),
    },
    DISK: {
        "down": marked("the disk is nearly full"),
        "up": marked("the disk has enough space again"),
    },
}
_SERVICE: Final[Mapping[Turn, str]] = {
    "down": marked("the service %(name)s does not run"),
    "up": marked("the service %(name)s runs again"),
}


def label_of(part: str, turn: Turn) -> str:
    """The label of the notice that tells of it."""
    return f"{part}_{turn}"


def turn_of(label: str) -> tuple[str, Turn] | None:
    """The part and its turn that a notice's label names; None for the label of anything else."""
    part, _, turn = label.rpartition("_")
    if turn == "down":
        return part, "down"
    return (part, "up") if turn == "up" else None


def in_words(part: str, turn: Turn, words: Wording) -> str:
    """What is told of it; a part that is not known is a service."""
    text = _TEXTS.get(part, _SERVICE)[turn]
    return words.gettext(text) % {"name": part} if part not in _TEXTS else words.gettext(text)
