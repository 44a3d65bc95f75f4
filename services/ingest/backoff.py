"""How long to wait before the next try. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.domain.backoff import doubling_s


@dataclass(slots=True)
class Backoff:
    """Doubles from `base_s` to `cap_s`; jitter takes up to half away, so that cameras do not come back in step."""

    base_s: float = 1.0
    cap_s: float = 60.0
    uniform: Callable[[float, float], float] = random.uniform
    _failures: int = field(default=0, init=False)

    def next_s(self) -> float:
        """The wait after one more failure."""
        self._failures += 1
        return self.uniform(0.5, 1.0) * doubling_s(self._failures, base_s=self.base_s, cap_s=self.cap_s)

    def reset(self) -> None:
        """The camera works again."""
        self._failures = 0
