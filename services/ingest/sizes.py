"""Motion for nothing: the sizes of compressed pictures against their usual size. Pure."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass, field

_WINDOW_S = 0.4
_MIN_WINDOW, _MAX_WINDOW = 2, 12
_HISTORY = 60
_MIN_HISTORY = 8
# A static drawn scene compresses to almost nothing: growth that small means nothing either.
_LEAST_BYTES_PER_PACKET = 40
_LEAST_SHARE = 0.06
_DULL, _KEEN = 14.0, 3.0


@dataclass(slots=True)
class SizeWatch:
    """Tells when the pictures between two keyframes grow beyond what they vary by themselves.

    Sizes are summed over a short window, which evens out the pattern of P and B pictures; the sum is compared with
    median and MAD of the past sums. The threshold tunes itself: `false_alarm` dulls it, `missed` makes it keener.
    """

    threshold: float = 6.0
    _recent: deque[int] = field(default_factory=lambda: deque(maxlen=_MAX_WINDOW), init=False)
    _sums: deque[int] = field(default_factory=lambda: deque(maxlen=_HISTORY), init=False)
    _window: int = field(default=8, init=False)
    _limit: float | None = field(default=None, init=False)
    _since_sum: int = field(default=0, init=False)

    def set_rate(self, fps: float) -> None:
        """Fit the window to the stream's rate."""
        window = min(_MAX_WINDOW, max(_MIN_WINDOW, round(fps * _WINDOW_S)))
        if window != self._window:
            self._window = window
            self.forget()

    @property
    def ready(self) -> bool:
        """Whether enough has been seen to tell anything."""
        return len(self._sums) >= _MIN_HISTORY

    def grew(self, size: int, *, learn: bool = True) -> bool:
        """Whether the pictures up to this packet of `size` bytes are unusually large."""
        self._recent.append(size)
        self._since_sum += 1
        total = sum(list(self._recent)[-self._window :])
        full = len(self._recent) >= self._window
        large = full and self._limit is not None and self.ready and total > self._limit
        if full and learn and self._since_sum >= self._window:
            self._since_sum = 0
            self._learn(total)
        return large

    def false_alarm(self) -> None:
        """Nothing moved after all."""
        self.threshold = min(_DULL, self.threshold * 1.25)
        self._set_limit()

    def missed(self) -> None:
        """Something moved, and the sizes had not told."""
        self.threshold = max(_KEEN, self.threshold * 0.7)
        self._set_limit()

    def forget(self) -> None:
        """Start anew, after the stream has changed."""
        self._recent.clear()
        self._sums.clear()
        self._limit = None
        self._since_sum = 0

    def _learn(self, total: int) -> None:
        self._sums.append(total)
        self._set_limit()

    def _set_limit(self) -> None:
        if not self._sums:
            return
        middle = statistics.median(self._sums)
        spread = 1.4826 * statistics.median(abs(total - middle) for total in self._sums)
        least = max(_LEAST_SHARE * middle, _LEAST_BYTES_PER_PACKET * self._window)
        self._limit = middle + max(self.threshold * spread, least)
