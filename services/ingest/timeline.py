"""From the time-stamps of a stream to the wall clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

# A sender's clock that goes back this far was set anew (pictures that are stored out of order go back far less).
_BACK_S = 1.0
# Earlier than now by more than a burst can be, or later than any buffer: the sender's clock jumped.
_EARLY_S, _LATE_S = 3.0, 10.0
# How fast the anchor follows small differences, seconds per second: a burst at the start, clocks that drift apart.
_EARLY_LEAK, _LATE_LEAK = 0.1, 0.02


@dataclass(slots=True)
class Timeline:
    """Places the pictures of one session on the wall clock (seconds since the epoch).

    A picture's place is its own time-stamp plus an anchor, so pictures keep their true distances however unevenly
    they arrive. The anchor is the first arrival; it slowly follows the sender's clock and is set anew after a jump.
    A source that is read at any speed (`live` false) is anchored once. `fps` serves pictures without a time-stamp.
    """

    live: bool = True
    fps: float = 25.0
    _anchor: float | None = field(default=None, init=False)
    _arrived_s: float = field(default=0.0, init=False)
    _pts_s: float = field(default=0.0, init=False)
    _newest: float = field(default=0.0, init=False)

    def place(self, pts_s: float | None, *, arrived_s: float) -> float:
        """The wall-clock time of a picture whose packet arrived just now."""
        if pts_s is None:
            pts_s = self._pts_s + 1 / self.fps
        self._anchor = self._anchored(pts_s, arrived_s)
        self._pts_s, self._arrived_s = pts_s, arrived_s
        placed = self._anchor + pts_s
        self._newest = max(self._newest, placed)
        return placed

    def _anchored(self, pts_s: float, arrived_s: float) -> float:
        if self._anchor is None:
            return arrived_s - pts_s
        late = arrived_s - (self._anchor + pts_s)
        jumped = not -_EARLY_S <= late <= _LATE_S if self.live else pts_s - self._pts_s > _LATE_S
        if jumped or pts_s < self._pts_s - _BACK_S:
            # Time never goes back within a session: what comes after a jump is placed behind what came before.
            step = self._newest + 1 / self.fps
            return (max(arrived_s, step) if self.live else step) - pts_s
        if not self.live:
            return self._anchor
        passed = max(0.0, arrived_s - self._arrived_s)
        return self._anchor + min(max(late, -_EARLY_LEAK * passed), _LATE_LEAK * passed)
