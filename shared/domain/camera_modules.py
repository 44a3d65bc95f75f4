"""What a camera says of the specialists: its option `modules`, `{NAME: {"enabled": …, …their own}}`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

USUAL_EVERY_S: Final = 20.0
USUAL_BURST: Final = 8
USUAL_BURST_FPS: Final = 4.0
CADENCE_KEYS: Final = ("every_s", "burst", "burst_fps")
"""How often and how a specialist looks at the camera's whole picture: not the specialist's own business."""


def module_enabled(options: Mapping[str, Any] | None, module: str) -> bool:
    """Whether the specialist may look at what the camera shows: unless the camera says no."""
    return _said(options, module).get("enabled") is not False


def every_s(options: Mapping[str, Any] | None, module: str) -> float:
    """How often the specialist looks at the camera's whole picture, in seconds; the usual where nothing is said."""
    said = _said(options, module).get("every_s")
    return float(said) if isinstance(said, int | float) and not isinstance(said, bool) and said > 0 else USUAL_EVERY_S


def own_options(options: Mapping[str, Any] | None, module: str) -> dict[str, Any]:
    """The camera's settings that the specialist itself reads. `options` are all of the camera's."""
    return {key: value for key, value in _said(options, module).items() if key not in ("enabled", *CADENCE_KEYS)}


def _said(options: Mapping[str, Any] | None, module: str) -> Mapping[str, Any]:
    modules = (options or {}).get("modules")
    said = modules.get(module) if isinstance(modules, Mapping) else None
    return said if isinstance(said, Mapping) else {}
