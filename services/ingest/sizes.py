"""Motion for nothing: the sizes of compressed pictures against their usual size. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

# A short window notices somebody at once, a long one somebody small or hard to tell from noise.
_WINDOWS_S = (0.4, 1.6)
_MIN_WINDOW, _MAX_WINDOW = 2, 48
_HISTORY = 120
_MIN_HISTORY = 16
# Quantiles, because the patterns of P and B pictures are anything but normal, and this one because up to a quarter of
# what was learnt may have been somebody unnoticed.
_HIGH = 0.75
# Sums are learnt a little later: what grows slowly must not become the usual while it grows.
_DELAY = 5
# A static drawn scene compresses to almost nothing: growth that small means nothing either.
_LEAST_BYTES_PER_PACKET = 40
_LEAST_SHARE = 0.05
_USUAL, _KEEN = 5.0, 3.5
# What proved harmless stays harmless with a margin and for an hour or so; what is far beyond the usual never is.
_FLOOR_MARGIN = 1.03
_FLOOR_DECAY = 0.9999
_FLOOR_SHARE, _FLOOR_FACTOR = 1.3, 2.0


class SizeWatch:
    """Tells when the pictures between two keyframes grow beyond what they vary by themselves.

    Sizes are summed over windows, which evens out the pattern of P and B pictures. A sum is large when it is
    `threshold` times as far above the median of the past sums as their upper quartile is. It tunes itself: tell what
    became of an alarm that you acted upon, and what was missed.
    """

    def __init__(self, *, fps: float = 25.0) -> None:
        self.threshold = _USUAL
        self._windows: list[_Window] = []
        self.set_rate(fps)

    def set_rate(self, fps: float) -> None:
        """Fit the windows to the stream's rate."""
        lengths = [min(_MAX_WINDOW, max(_MIN_WINDOW, round(fps * seconds))) for seconds in _WINDOWS_S]
        if lengths != [window.length for window in self._windows]:
            self._windows = [_Window(length) for length in lengths]

    @property
    def ready(self) -> bool:
        """Whether enough has been seen to tell anything."""
        return self._windows[0].ready

    def grew(self, size: int, *, learn: bool = True) -> bool:
        """Whether the pictures up to this packet of `size` bytes are unusually large."""
        grew = [window.grew(size, learn=learn, threshold=self.threshold) for window in self._windows]
        return any(grew)

    def acted_upon(self) -> None:
        """The alarm is being looked into; `confirmed` or `false_alarm` follows."""
        for window in self._windows:
            window.peak = window.total

    def confirmed(self) -> None:
        """Something moved indeed."""
        for window in self._windows:
            window.peak = 0
            window.forget_newest()

    def false_alarm(self) -> None:
        """Nothing moved after all."""
        for window in self._windows:
            window.raise_floor()

    def missed(self) -> None:
        """Something moved, and the sizes had not told."""
        self.threshold = max(_KEEN, self.threshold * 0.8)
        for window in self._windows:
            window.floor = 0.0


@dataclass(slots=True)
class _Window:
    """The sums over the last `length` packets."""

    length: int
    total: int = 0
    peak: int = 0
    floor: float = 0.0
    _recent: deque[int] = field(default_factory=deque, init=False)
    _newest: deque[int] = field(default_factory=deque, init=False)
    _sums: deque[int] = field(default_factory=lambda: deque(maxlen=_HISTORY), init=False)
    _middle: int = field(default=0, init=False)
    _high: int = field(default=0, init=False)
    _limit: float = field(default=0.0, init=False)
    _since_sum: int = field(default=0, init=False)

    @property
    def ready(self) -> bool:
        return len(self._sums) >= _MIN_HISTORY

    def grew(self, size: int, *, learn: bool, threshold: float) -> bool:
        self._recent.append(size)
        self.total += size
        if len(self._recent) > self.length:
            self.total -= self._recent.popleft()
        self._since_sum += 1
        if len(self._recent) < self.length:
            return False
        if self.peak:
            self.peak = max(self.peak, self.total)
        large = self.ready and self.total > max(self._limit, self.floor)
        if not learn:
            self.forget_newest()
        elif self._since_sum >= (self.length + 1) // 2:
            self._since_sum = 0
            self._newest.append(self.total)
            if len(self._newest) > _DELAY:
                self._learn(self._newest.popleft(), threshold)
        return large

    def forget_newest(self) -> None:
        self._newest.clear()

    def raise_floor(self) -> None:
        most = max(_FLOOR_SHARE * self._middle, self._middle + _FLOOR_FACTOR * (self._limit - self._middle))
        self.floor = max(self.floor, min(self.peak * _FLOOR_MARGIN, most))
        self.peak = 0

    def _learn(self, total: int, threshold: float) -> None:
        self._sums.append(total)
        self.floor *= _FLOOR_DECAY
        ordered = sorted(self._sums)
        self._middle, self._high = ordered[len(ordered) // 2], ordered[int(len(ordered) * _HIGH)]
        least = max(_LEAST_SHARE * self._middle, _LEAST_BYTES_PER_PACKET * self.length)
        self._limit = max(self._middle + threshold * (self._high - self._middle), self._high + least)
