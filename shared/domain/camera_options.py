"""What a camera says of itself beside its specialists: its options by name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

RECOGNITION: Final = "recognition"
LOCATION: Final = "location"
MODEL: Final = "model"

MAX_LOCATION: Final = 256


def recognises(options: Mapping[str, Any] | None) -> bool:
    """Whether anybody looks at what the camera shows: unless it says no. Without, it is recorded and no more."""
    return (options or {}).get(RECOGNITION) is not False


def location_of(options: Mapping[str, Any] | None) -> str:
    """Where the camera hangs, in people's words; nothing where nobody said so."""
    said = (options or {}).get(LOCATION)
    return said if isinstance(said, str) else ""


def model_of(options: Mapping[str, Any] | None) -> str | None:
    """By what name a client asked for the model; None where nobody did."""
    said = (options or {}).get(MODEL)
    return said if isinstance(said, str) and said else None
