"""The hands of one worker: as many processes as it may do jobs at once."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from services.modules.hand import Hand, HandDied
from shared.modules.roster import ModuleInfo
from shared.observability import get_logger

log = get_logger("modules.hands")


class Hands:
    """Lends hands to threads. With `idle_s` None they stay open; else an idle one is let go after that time."""

    def __init__(
        self, hands: Sequence[Hand], *, idle_s: float | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._all = tuple(hands)
        self._idle_s = idle_s
        self._monotonic = monotonic
        self._free: queue.LifoQueue[Hand] = queue.LifoQueue()
        self._closed = threading.Event()
        self.modules: tuple[ModuleInfo, ...] | None = None
        """What the specialists are, once one hand has opened them."""

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def open(self) -> None:
        """Learn what the specialists are; leave all hands open when they are to stay so. Blocks; raises `HandDied`."""
        wanted = self._all if self._idle_s is None else self._all[:1]
        for hand in wanted:
            hand.start()
            self.modules = hand.modules
            if self._idle_s is not None:
                hand.close()  # it holds every model there is, and the next job needs one of them
        for hand in reversed(self._all):
            self._free.put(hand)

    @contextmanager
    def lent(self) -> Iterator[Hand]:
        """A running hand for the length of the block. Waits for a free one; raises `HandDied`."""
        hand = self._free.get()
        try:
            if self.closed:
                raise HandDied("the worker is stopping")
            hand.start(survey=self._idle_s is None)
            self.modules = hand.modules or self.modules
            yield hand
        finally:
            self._free.put(hand)

    def let_idle_go(self) -> None:
        """End hands that nobody has used for a while, and start anew those that have died in the meantime."""
        for _ in range(self._free.qsize()):
            try:
                hand = self._free.get_nowait()
            except queue.Empty:
                return
            if self._idle_s is not None and hand.running and self._monotonic() - hand.used_at > self._idle_s:
                log.info("hand_let_go", pid=hand.pid)
                hand.close()
            self._free.put(hand)

    def close(self) -> None:
        """End all of them, whatever they are at."""
        self._closed.set()
        for hand in self._all:
            hand.close()
