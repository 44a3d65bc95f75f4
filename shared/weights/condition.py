"""Whether a file is the one its registry entry describes."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from shared.weights.entry import Weights


class Condition(StrEnum):
    """How a file of weights is found."""

    OK = "ok"
    MISSING = "missing"
    DAMAGED = "damaged"


def condition_of(weights: Weights, path: Path) -> Condition:
    """Compare the file at `path` with its entry by size and checksum; reads the whole file. Raises `OSError`."""
    if not path.is_file():
        return Condition.MISSING
    if path.stat().st_size != weights.bytes:
        return Condition.DAMAGED
    return Condition.OK if sha256_of(path) == weights.sha256 else Condition.DAMAGED


def sha256_of(path: Path) -> str:
    """The checksum of the file at `path` in hex. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
