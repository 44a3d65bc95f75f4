"""What recipients answer to an alert, by a button or a link."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from shared.domain.recipient import Press


@dataclass(frozen=True, slots=True)
class Answer:
    """A recipient pressed a button under the notice that `delivery_id` told. `who` is how people know the presser."""

    channel: str
    delivery_id: str
    press: Press
    who: str


Take = Callable[[Answer], str | None]
"""Carry an answer out once, however often it comes; a line that tells the presser what happened, None for nothing.

Raises `Transient` when that is not possible now.
"""


@runtime_checkable
class Listening(Protocol):
    """A channel over which answers come back."""

    def listen(self, stop: threading.Event, take: Take) -> None:
        """Hand over answers until `stop` is set. Blocks; never raises for a network that is away."""
        ...
