"""How long requests in flight may take once the gateway ends: one number for the master and all workers."""

from __future__ import annotations

from multiprocessing.sharedctypes import RawValue
from typing import Any

USUAL_S = 2.0
"""A stop has to be over within five seconds, in-flight requests included."""


class Grace:
    """Shared memory: make it before workers are forked."""

    def __init__(self) -> None:
        self._value: Any = RawValue("d", USUAL_S)

    @property
    def seconds(self) -> float:
        return float(self._value.value)

    def allow(self, seconds: float) -> None:
        """Give requests in flight that long from the next stop on; never less than usual."""
        self._value.value = max(seconds, USUAL_S)
