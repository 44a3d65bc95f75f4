"""What a camera says of the specialists: its option `modules`, `{NAME: {"enabled": …, …their own}}`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.camera_options import recognises
from shared.domain.module import SCENE_MODULES

USUAL_EVERY_S: Final = 20.0
LEAST_EVERY_S: Final = 2.0
USUAL_BURST: Final = 8
MOST_BURST: Final = 32
USUAL_BURST_FPS: Final = 4.0
UNHURRIED: Final[Mapping[str, tuple[float, int]]] = {"camera_health": (60.0, 4)}
"""Modules with a usual interval (seconds) and burst of their own: what they look for lasts."""
CADENCE_KEYS: Final = ("every_s", "burst", "burst_fps")
"""How often and how a specialist looks at the camera's whole picture: not the specialist's own business."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """Every `every_s` seconds a burst of so many pictures, `burst_fps` a second."""

    every_s: float = USUAL_EVERY_S
    burst: int = USUAL_BURST
    burst_fps: float = USUAL_BURST_FPS


def cadence(options: Mapping[str, Any] | None, module: str, *, usual: bool = False) -> Cadence | None:
    """How the specialist looks at the camera's whole picture; None where it does not.

    Those that need nobody there do where the camera says `enabled`; `usual` ones unless it says no. What is stored and
    makes no sense is as if nothing were said. None looks at a camera whose pictures are only recorded.
    """
    if not recognises(options):
        return None
    said = _said(options, module)
    wanted = module in SCENE_MODULES and said.get("enabled") is True
    if not wanted and not (usual and module_enabled(options, module)):
        return None
    return Cadence(
        every_s=every_s(options, module),
        burst=round(_number(said, "burst", 1, MOST_BURST) or _usual(module)[1]),
        burst_fps=_number(said, "burst_fps", 0.5, 10) or USUAL_BURST_FPS,
    )


def module_enabled(options: Mapping[str, Any] | None, module: str) -> bool:
    """Whether the specialist may look at what the camera shows: unless the camera says no."""
    return _said(options, module).get("enabled") is not False


def every_s(options: Mapping[str, Any] | None, module: str) -> float:
    """How often the specialist looks at the camera's whole picture, in seconds; the usual where nothing is said."""
    return _number(_said(options, module), "every_s", LEAST_EVERY_S, 86_400) or _usual(module)[0]


def own_options(options: Mapping[str, Any] | None, module: str) -> dict[str, Any]:
    """The camera's settings that the specialist itself reads. `options` are all of the camera's."""
    return {key: value for key, value in _said(options, module).items() if key not in ("enabled", *CADENCE_KEYS)}


def _usual(module: str) -> tuple[float, int]:
    return UNHURRIED.get(module, (USUAL_EVERY_S, USUAL_BURST))


def _number(said: Mapping[str, Any], key: str, least: float, most: float) -> float | None:
    value = said.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if least <= value <= most else None


def _said(options: Mapping[str, Any] | None, module: str) -> Mapping[str, Any]:
    modules = (options or {}).get("modules")
    said = modules.get(module) if isinstance(modules, Mapping) else None
    return said if isinstance(said, Mapping) else {}
