"""Exponential back-off. Jitter is the caller's: how much of it is right differs from case to case."""

from __future__ import annotations

_MAX_DOUBLINGS = 32


def doubling_s(failures: int, *, base_s: float, cap_s: float) -> float:
    """The wait after that many failures in a row, in seconds: `base_s`, then twice as long each time, up to `cap_s`."""
    return min(cap_s, base_s * 2.0 ** min(max(failures, 1) - 1, _MAX_DOUBLINGS))
