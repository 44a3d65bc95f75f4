"""Remembering that a password was right, for a moment, so that each request need not hash it again."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_TTL_S = 60.0
_SIZE = 1024


class PasswordCache:
    """Right passwords only, under a key of this process; a changed password is a different entry at once."""

    def __init__(self, *, ttl_s: float = _TTL_S, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._key = secrets.token_bytes(32)
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, stored_hash: str, password: str) -> bool:
        """Whether this password was found to match this hash a moment ago."""
        until = self._until.get(self._entry(stored_hash, password))
        return until is not None and self._monotonic() < until

    def remember(self, stored_hash: str, password: str) -> None:
        entry = self._entry(stored_hash, password)
        with self._lock:
            self._until[entry] = self._monotonic() + self._ttl_s
            self._until.move_to_end(entry)
            while len(self._until) > _SIZE:
                self._until.popitem(last=False)

    def _entry(self, stored_hash: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{stored_hash}\0{password}".encode(), hashlib.sha256)
