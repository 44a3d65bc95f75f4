"""How much was recognised in the last minutes, for those who ask often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.gateway.queries.recognitions import recent_counts
from shared.db.prepared import Readers

WINDOW: Final = timedelta(minutes=5)
_KEEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Recent:
    """Recognitions within `WINDOW`."""

    face_matches: int
    plate_reads: int

    @property
    def total(self) -> int:
        return self.face_matches + self.plate_reads

    @property
    def per_second(self) -> float:
        return self.total / WINDOW.total_seconds()


class RecentRecognitions:
    """Counts at most once a second, however often it is asked. Thread-safe; raises SQLAlchemy's errors."""

    def __init__(
        self, readers: Readers, *, now: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._readers = readers
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._until = 0.0
        self._last = Recent(0, 0)

    def now(self) -> Recent:
        with self._lock:
            if self._monotonic() >= self._until:
                self._last = self._counted()
                self._until = self._monotonic() + _KEEP_S
            return self._last

    def _counted(self) -> Recent:
        now = self._now()
        with self._readers() as reader:
            # A camera's clock may run ahead: what it dates in the future counts once that has come.
            counts = recent_counts(reader, since=now - WINDOW, until=now)
        return Recent(face_matches=counts.get("face_match", 0), plate_reads=counts.get("plate_read", 0))
