"""A permission that a stream asks for again and again: it may be taken back while the stream goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

ASKED_EVERY_S: Final = 10.0


class Permission:
    """Was given at the beginning. `ask` tells whether it still is, and may block."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._due = time.monotonic() + ASKED_EVERY_S

    async def holds(self) -> bool:
        """Whether to go on; asks at most every `ASKED_EVERY_S`."""
        if time.monotonic() < self._due:
            return True
        self._due = time.monotonic() + ASKED_EVERY_S
        return await asyncio.to_thread(self._ask)
