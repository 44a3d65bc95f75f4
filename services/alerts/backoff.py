"""When a delivery that failed is tried again. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.backoff import doubling_s


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with full jitter, given up `give_up_after_s` after the delivery was decided.

    Source: M. Brooker, "Exponential Backoff And Jitter" (2015).
    """

    base_s: float
    cap_s: float
    give_up_after_s: float

    def next_try(
        self,
        now: datetime,
        *,
        attempt: int,
        decided_at: datetime,
        retry_after_s: float | None,
        uniform: Callable[[float, float], float],
    ) -> datetime | None:
        """The time of the try after `attempt` (counted from 1), or None when it is time to give up.

        A receiver that says `retry_after_s` gets exactly that.
        """
        delay_s = retry_after_s
        if delay_s is None:
            delay_s = uniform(0.0, doubling_s(attempt, base_s=self.base_s, cap_s=self.cap_s))
        left_s = self.give_up_after_s - (now - decided_at).total_seconds()
        return None if delay_s > left_s else now + timedelta(seconds=delay_s)
