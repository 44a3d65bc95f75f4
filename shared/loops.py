"""Running a service's loops until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Final

from shared.messages.commands import Restart
from shared.messages.message import Message
from shared.observability import get_logger

log = get_logger("loops")

Loop = Callable[[], None]

USUAL_GRACE_S: Final = 2.5
"""What a stop leaves for work in flight: a supervisor's patience ends soon after."""


class Stop(threading.Event):
    """The wish that a service ends, and how long work in flight may take from then on."""

    grace_s: float = USUAL_GRACE_S

    def within(self, grace_s: float) -> None:
        """Set it, with a grace of its own."""
        self.grace_s = grace_s
        self.set()


def grace_of(stop: threading.Event) -> float:
    """How long work in flight may take once `stop` is set, in seconds."""
    return stop.grace_s if isinstance(stop, Stop) else USUAL_GRACE_S


def obey_restart(orders: Iterable[Message], stop: threading.Event, *, service: str) -> bool:
    """Set `stop` when a restart of the service is among the orders; whether it is.

    The order's time becomes the grace; one without time is carried out as any other stop.
    """
    restart = next((order for order in orders if isinstance(order, Restart) and order.is_for(service)), None)
    if restart is None or stop.is_set():
        return restart is not None
    grace_s = restart.timeout_s if restart.timeout_s > 0 else USUAL_GRACE_S
    log.info("restart_ordered", within_s=grace_s)
    if isinstance(stop, Stop):
        stop.within(grace_s)
    else:
        stop.set()
    return True


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
) -> int:
    """Run each loop on a thread of its own until `stop` is set; the exit status.

    A loop that ends before that stops all others and gives status 1: a service that does half its work looks
    alive and is not. `stopping` is called once, to wake loops that wait. Loops still busy after the stop's grace
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
    deadline = time.monotonic() + grace_of(stop)
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    busy = [thread.name for thread in threads if thread.is_alive()]
    if failed or busy:
        log.warning("loops_ended", failed=failed, still_busy=busy)
    return 1 if failed else 0
