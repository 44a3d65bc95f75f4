"""Handing out recorded packets at the rate they were recorded at."""

from __future__ import annotations

import time
from collections.abc import Callable

_LONGEST_WAIT_S = 30.0


class Pacer:
    """Waits until a packet is due. A jump in the time-stamps is stepped over, not waited out."""

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._origin: float | None = None

    def wait_for(self, at_s: float | None) -> None:
        """Block until `at_s` of the recording is due; at once when it has no time or is late."""
        if at_s is None:
            return
        now = self._monotonic()
        if self._origin is None:
            self._origin = now - at_s
        ahead = self._origin + at_s - now
        if abs(ahead) > _LONGEST_WAIT_S:
            self._origin = now - at_s
        elif ahead > 0:
            self._sleep(ahead)
