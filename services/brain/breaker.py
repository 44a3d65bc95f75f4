"""Not asking a server that does not answer anyway."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_PROBE_S: Final = 1.0


class Breaker:
    """Opens after `failures` in a row; `open_s` later one call may try whether things are well again.

    Whoever was allowed to call must say how it went. Thread-safe.
    """

    def __init__(self, *, failures: int, open_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bound = failures
        self._open_s = open_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failed = 0
        self._retry_at: float | None = None
        self._probing = False

    @property
    def is_blocked(self) -> bool:
        """Whether `allow` would say no."""
        with self._lock:
            return self._blocked()

    def allow(self) -> bool:
        """Whether to call now."""
        with self._lock:
            if self._blocked():
                return False
            self._probing = self._retry_at is not None
            return True

    @property
    def wait_s(self) -> float:
        """How long to wait before asking `allow` again; 0 while it is closed."""
        with self._lock:
            if self._retry_at is None:
                return 0.0
            left = self._retry_at - self._monotonic()
            # Somebody tries it out: how that goes is soon known.
            return left if left > 0 else _PROBE_S

    def succeeded(self) -> bool:
        """The call went well; whether that closed an open breaker."""
        with self._lock:
            was_open = self._retry_at is not None
            self._failed, self._retry_at, self._probing = 0, None, False
            return was_open

    def failed(self) -> bool:
        """The call went wrong; whether that opened the breaker (anew)."""
        with self._lock:
            self._failed += 1
            opens = self._probing or (self._failed >= self._bound and self._retry_at is None)
            if opens:
                self._retry_at = self._monotonic() + self._open_s
            self._probing = False
            return opens

    def _blocked(self) -> bool:
        return self._retry_at is not None and (self._probing or self._monotonic() < self._retry_at)
