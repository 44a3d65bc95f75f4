"""What a worker is told of a delivery: where to look. The row itself says what is to be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """A delivery that can be made now."""

    id: str
    channel: str
    recipient: str


Enqueue = Callable[[Hint], None]
"""Ask a worker to make the delivery. Best effort: the sweeper finds what gets lost."""
