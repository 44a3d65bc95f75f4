"""The feeds of a process, each made when its first client comes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from services.gateway.live.feed import Feed


class Feeds:
    """Feeds by name. Thread-safe; a feed itself belongs to the loop of the streams."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, Feed] = {}

    def get(self, name: str, make: Callable[[], Feed]) -> Feed:
        """The feed of that name, made now if it is the first time."""
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]
