"""The names of modules: what rules can have run, clients trigger, and events report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

ModuleName = Literal[
    "bytetrack",
    "lpr",
    "ocr",
    "ppe",
    "fire_smoke",
    "camera_health",
    "pose",
    "hand",
    "gesture",
    "face",
    "reid",
    "vehicle",
]

MODULES: Final[tuple[str, ...]] = get_args(ModuleName)
"""Every module there is. Whether one can run here depends on its weights and settings."""

SCENE_MODULES: Final = ("fire_smoke", "camera_health")
"""Those that look at a camera's whole picture now and then: nobody needs to be there for what they find."""

THINGS: Final[Mapping[str, str]] = {
    "bytetrack": "tracks",
    "camera_health": "detections",
    "face": "faces",
    "fire_smoke": "detections",
    "gesture": "gestures",
    "hand": "hands",
    "lpr": "plates",
    "ocr": "lines",
    "pose": "persons",
    "ppe": "persons",
    "vehicle": "vehicles",
}
"""Under which key of its results a module lists what it found."""
