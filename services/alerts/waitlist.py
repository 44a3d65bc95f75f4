"""What waits for each recipient, as this process last read it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from services.alerts.claims import Waiting

_KEEP_S = 2.0

Key = tuple[str, str]
"""Channel and recipient."""


class Waitlist:
    """Lets the threads that serve one recipient share one reading of its backlog. Thread-safe.

    Only a hint: what it gives may have been taken by another process in the meantime.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._lists: dict[Key, tuple[float, Any, deque[Waiting]]] = {}

    def pop(self, key: Key) -> tuple[Any, Waiting] | None:
        """The recipient's address and its next delivery; None when that must be read anew."""
        with self._lock:
            read_at, address, waiting = self._lists.get(key, (0.0, None, deque()))
            if waiting and self._monotonic() - read_at < _KEEP_S:
                return address, waiting.popleft()
            self._lists.pop(key, None)
            return None

    def fill(self, key: Key, address: Any, waiting: Iterable[Waiting]) -> None:
        """Remember what was read now."""
        with self._lock:
            self._lists[key] = (self._monotonic(), address, deque(waiting))

    def clear(self, key: Key) -> None:
        with self._lock:
            self._lists.pop(key, None)
