"""Running a service's loops until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType

from shared.observability import get_logger

log = get_logger("loops")

Loop = Callable[[], None]


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set `stop`. Call from the main thread."""

    def ask(number: int, _: FrameType | None) -> None:
        # Not here: the main thread may be inside `stop.wait` and hold the event's lock, which is not re-entrant.
        threading.Thread(target=stop.set, name="stop").start()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def run_loops(
    loops: Mapping[str, Loop],
    *,
    stop: threading.Event,
    stopping: Callable[[], None] = lambda: None,
    grace_s: float = 2.5,
) -> int:
    """Run each loop on a thread of its own until `stop` is set; the exit status.

    A loop that ends before that stops all others and gives status 1: a service that does half its work looks
    alive and is not. `stopping` is called once, to wake loops that wait. Loops still busy `grace_s` after that
    are left behind (their threads are daemons); what they were at comes again.
    """
    failed: list[str] = []

    def guarded(name: str, loop: Loop) -> None:
        try:
            loop()
        except Exception:  # thread boundary: the reason must be logged before the service stops
            log.exception("loop_failed", loop=name)
        if not stop.is_set():
            failed.append(name)
            stop.set()

    threads = [threading.Thread(target=guarded, args=item, name=item[0], daemon=True) for item in loops.items()]
    for thread in threads:
        thread.start()
    while not stop.wait(1.0):  # short waits, so that signals are seen on every platform
        pass
    stopping()
    deadline = time.monotonic() + grace_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    busy = [thread.name for thread in threads if thread.is_alive()]
    if failed or busy:
        log.warning("loops_ended", failed=failed, still_busy=busy)
    return 1 if failed else 0
