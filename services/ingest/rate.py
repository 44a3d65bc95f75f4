"""Measuring a stream's rate. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_WINDOW_S = 5.0
_MOST = 600


@dataclass(slots=True)
class RateMeter:
    """Pictures per second over the last seconds."""

    _times: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST), init=False)

    def count(self, at_s: float) -> None:
        self._times.append(at_s)
        while self._times and self._times[0] < at_s - _WINDOW_S:
            self._times.popleft()

    @property
    def fps(self) -> float:
        """0 until two pictures have come."""
        if len(self._times) < 2:
            return 0.0
        span_s = max(self._times) - min(self._times)
        return (len(self._times) - 1) / span_s if span_s > 0 else 0.0
