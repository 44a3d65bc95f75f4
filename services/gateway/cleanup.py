"""Deleting what is too old because somebody asked for it: for a few seconds here, the rest by the brain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from services.gateway.soft_redis import SoftRedis
from shared.messages.topics import RETENTION_WANTED
from shared.retention.old_events import OldEvents, Removed

PATIENCE_S: Final = 5.0


class Cleanup:
    """Thread-safe. One request per process deletes at a time; another one waits for it, within its own time."""

    def __init__(
        self,
        old_events: OldEvents,
        redis: SoftRedis,
        *,
        days: int,
        patience_s: float = PATIENCE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.days = days
        self._old_events = old_events
        self._redis = redis
        self._patience_s = patience_s
        self._monotonic = monotonic
        self._lock = threading.Lock()

    def run(self, *, account_id: int | None) -> Removed:
        """Delete what is due of one account, or of all. What is left after `patience_s` is ordered from the brain.

        Raises `OperationalError`, and `RedisError`: without Redis nobody knows who is still in view.
        """
        until = self._monotonic() + self._patience_s
        removed = Removed(is_all=False)
        if self._lock.acquire(timeout=self._patience_s):
            try:
                removed = self._old_events.remove(
                    days=self.days, account_id=account_id, goes_on=lambda: self._monotonic() < until
                )
            finally:
                self._lock.release()
        if not removed.is_all:
            self._redis.attempt(lambda redis: redis.set(RETENTION_WANTED, 1), otherwise=None, purpose="retention")
        return removed
