"""The signal for help: the palm shown open, the thumb laid into it, the fingers folded over the thumb.

Only in this order, each part held for a moment, without any other sign in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from services.modules.specialists.gesture.signs import Part

STEP_S: Final = 3.0
"""How long the next part may take to come."""

_HELD_S: Final = 0.25
_HELD_LOOKS: Final = 2
_ORDER: Final[tuple[Part, ...]] = ("open", "tucked", "closed")


def asks_for_help(looks: Iterable[tuple[float, Part]]) -> bool:
    """(seconds, part) of the looks at one hand, oldest first."""
    signal = _Signal()
    return any(signal.sees(at_s, part) for at_s, part in looks)


class _Signal:
    """How far the signal has come: `_place` is the part that is held, `_held` since when and in how many looks."""

    def __init__(self) -> None:
        self._place, self._looks = -1, 0
        self._since_s = self._last_s = float("-inf")

    def sees(self, at_s: float, part: Part) -> bool:
        """Whether the signal is complete with this look."""
        if part == "unclear":
            return False
        if part == "other" or at_s - self._last_s > STEP_S:
            self._restart()
        if part != "other":
            self._take(at_s, _ORDER.index(part))
        return self._place == len(_ORDER) - 1 and self._is_held()

    def _take(self, at_s: float, place: int) -> None:
        if place == self._place:
            self._looks += 1
        elif place == self._place + 1 and (place == 0 or self._is_held()):
            self._place, self._since_s, self._looks = place, at_s, 1
        else:
            self._restart()
            if place == 0:
                self._place, self._since_s, self._looks = 0, at_s, 1
        self._last_s = at_s

    def _is_held(self) -> bool:
        return self._looks >= _HELD_LOOKS and self._last_s - self._since_s >= _HELD_S

    def _restart(self) -> None:
        self._place, self._looks = -1, 0
        self._since_s = self._last_s = float("-inf")
