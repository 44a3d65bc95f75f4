"""What a camera says of the specialists: its option `modules`, `{NAME: {"enabled": …, …their own}}`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CADENCE_KEYS: Final = ("every_s", "burst", "burst_fps")
"""How often and how a specialist looks at the camera's whole picture: not the specialist's own business."""


def module_enabled(options: Mapping[str, Any] | None, module: str) -> bool:
    """Whether the specialist may look at what the camera shows: unless the camera says no."""
    return _said(options, module).get("enabled") is not False


def own_options(options: Mapping[str, Any] | None, module: str) -> dict[str, Any]:
    """The camera's settings that the specialist itself reads. `options` are all of the camera's."""
    return {key: value for key, value in _said(options, module).items() if key not in ("enabled", *CADENCE_KEYS)}


def _said(options: Mapping[str, Any] | None, module: str) -> Mapping[str, Any]:
    modules = (options or {}).get("modules")
    said = modules.get(module) if isinstance(modules, Mapping) else None
    return said if isinstance(said, Mapping) else {}
