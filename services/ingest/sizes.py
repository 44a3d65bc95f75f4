"""Motion for nothing: the sizes of compressed pictures against their usual size. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_WINDOW_S = 0.4
_MIN_WINDOW, _MAX_WINDOW = 2, 12
_HISTORY = 120
_MIN_HISTORY = 16
_HIGH = 0.9
# A static drawn scene compresses to almost nothing: growth that small means nothing either.
_LEAST_BYTES_PER_PACKET = 40
_LEAST_SHARE = 0.06
_USUAL, _KEEN = 3.0, 1.8
# What proved harmless stays harmless with a margin and for an hour or so; what is far beyond the usual never is.
_FLOOR_MARGIN = 1.05
_FLOOR_DECAY = 0.99998
_FLOOR_SHARE, _FLOOR_FACTOR = 1.3, 3.0


@dataclass(slots=True)
class SizeWatch:
    """Tells when the pictures between two keyframes grow beyond what they vary by themselves.

    Sizes are summed over a short window, which evens out the pattern of P and B pictures. A sum is large when it is
    `threshold` times as far above the median of the past sums as their ninth decile is (quantiles, because such
    patterns are anything but normal). It tunes itself: tell what became of an alarm that you acted upon, and
    what was missed.
    """

    threshold: float = _USUAL
    _recent: deque[int] = field(default_factory=lambda: deque(maxlen=8), init=False)
    _sums: deque[int] = field(default_factory=lambda: deque(maxlen=_HISTORY), init=False)
    _limit: float = field(default=0.0, init=False)
    _middle: int = field(default=0, init=False)
    _floor: float = field(default=0.0, init=False)
    _peak: int = field(default=0, init=False)
    _since_sum: int = field(default=0, init=False)

    def set_rate(self, fps: float) -> None:
        """Fit the window to the stream's rate."""
        window = min(_MAX_WINDOW, max(_MIN_WINDOW, round(fps * _WINDOW_S)))
        if window != self._recent.maxlen:
            self._recent = deque(maxlen=window)
            self._sums.clear()
            self._floor = 0.0
            self._peak = self._since_sum = 0

    @property
    def ready(self) -> bool:
        """Whether enough has been seen to tell anything."""
        return len(self._sums) >= _MIN_HISTORY

    def grew(self, size: int, *, learn: bool = True) -> bool:
        """Whether the pictures up to this packet of `size` bytes are unusually large."""
        self._recent.append(size)
        self._since_sum += 1
        window = self._recent.maxlen or 1
        if len(self._recent) < window:
            return False
        total = sum(self._recent)
        large = self.ready and total > max(self._limit, self._floor)
        if self._peak:
            self._peak = max(self._peak, total)
        if learn and self._since_sum >= (window + 1) // 2:
            self._since_sum = 0
            self._learn(total)
        return large

    def acted_upon(self) -> None:
        """The alarm is being looked into; `confirmed` or `false_alarm` follows."""
        self._peak = sum(self._recent)

    def confirmed(self) -> None:
        """Something moved indeed."""
        self._peak = 0

    def false_alarm(self) -> None:
        """Nothing moved after all."""
        middle = self._middle
        most = max(_FLOOR_SHARE * middle, middle + _FLOOR_FACTOR * (self._limit - middle))
        self._floor = max(self._floor, min(self._peak * _FLOOR_MARGIN, most))
        self._peak = 0

    def missed(self) -> None:
        """Something moved, and the sizes had not told."""
        self.threshold = max(_KEEN, self.threshold * 0.7)
        self._floor = 0.0
        self._set_limit()

    def _learn(self, total: int) -> None:
        self._sums.append(total)
        self._floor *= _FLOOR_DECAY
        self._set_limit()

    def _set_limit(self) -> None:
        if not self._sums:
            return
        ordered = sorted(self._sums)
        middle, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * _HIGH)]
        self._middle = middle
        least = max(_LEAST_SHARE * middle, _LEAST_BYTES_PER_PACKET * (self._recent.maxlen or 1))
        self._limit = max(middle + self.threshold * (high - middle), high + least)
