"""Whether a part of Argus has failed or works again, without a word for every flutter. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Turn = Literal["down", "up"]

_MOST_S: Final = 30.0
"""What one look can count for: a process that was stopped in between knows nothing of that time."""


@dataclass(slots=True)
class _Part:
    is_down: bool = False
    seen_at: float | None = None
    bad_s: float = 0.0
    good_s: float = 0.0


class Steadiness:
    """A part is down once it was seen failing for `down_after_s` in all, and up again after `up_after_s` without a
    break; only that much good time makes the bad time before it forgotten. So a part that fails every other moment
    is told once as down, and stays so until it is steady.
    """

    def __init__(self, *, down_after_s: float, up_after_s: float) -> None:
        self._down_after_s = down_after_s
        self._up_after_s = up_after_s
        self._parts: dict[str, _Part] = {}

    def is_down(self, part: str) -> bool:
        """Whether people were told so last."""
        return part in self._parts and self._parts[part].is_down

    def told(self, part: str, turn: Turn) -> None:
        """People were told of the turn: by this process now, or by whichever before."""
        self._parts.setdefault(part, _Part()).is_down = turn == "down"

    def see(self, part: str, *, ok: bool, at_s: float) -> Turn | None:
        """What people should be told now, again and again until they were; `at_s` is a monotonic time."""
        state = self._parts.setdefault(part, _Part())
        passed_s = 0.0 if state.seen_at is None else min(at_s - state.seen_at, _MOST_S)
        state.seen_at = at_s
        if ok:
            state.good_s += passed_s
        else:
            state.bad_s, state.good_s = state.bad_s + passed_s, 0.0
        if state.good_s >= self._up_after_s:
            state.bad_s = 0.0
            return "up" if state.is_down else None
        return "down" if not ok and not state.is_down and state.bad_s >= self._down_after_s else None
