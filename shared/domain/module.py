"""The names of modules: what rules can have run, clients trigger, and events report."""

from __future__ import annotations

from typing import Final, Literal, get_args

ModuleName = Literal[
    "bytetrack", "lpr", "ocr", "ppe", "fire_smoke", "pose", "hand", "gesture", "face", "reid", "vehicle"
]

MODULES: Final[tuple[str, ...]] = get_args(ModuleName)
"""Every module there is. Whether one can run here depends on its weights and settings."""
