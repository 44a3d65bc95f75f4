"""The gateway obeys orders to restart, as every other service does."""

from __future__ import annotations

import os
import signal
import threading

from redis import Redis

from services.gateway.grace import Grace
from shared.loops import Stop, obey_restart
from shared.streams import CommandTail

SERVICE = "gateway"

_BLOCK_MS = 1000


def follow_restarts(redis: Redis, grace: Grace, *, master_pid: int) -> None:
    """Watch from a thread of this worker; ends the master when a restart is ordered. Returns at once.

    The master stops listening and lets every worker finish what it is at; its supervisor starts it again. All
    workers hear of the order and say the same to the master.
    """
    threading.Thread(target=_follow, args=(redis, grace, master_pid), name="restarts", daemon=True).start()


def _follow(redis: Redis, grace: Grace, master_pid: int) -> None:
    tail, stop = CommandTail(redis), Stop()
    while not obey_restart(tail.poll(block_ms=_BLOCK_MS), stop, service=SERVICE):
        pass
    grace.allow(stop.grace_s)
    if os.getppid() == master_pid:  # an orphan must not end whoever has the number now
        os.kill(master_pid, signal.SIGTERM)
