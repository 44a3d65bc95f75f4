"""Ends what a killed supervisor left behind. A script of its own, started without site-packages.

The supervisor writes `+PID` and `-PID` lines (process groups that live or are gone) to this script's standard
input. When the pipe closes, whatever is still listed is ended: SIGTERM, and SIGKILL after three seconds.
While it runs it also holds the lock of the data dir, so that no other supervisor starts before the end.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

_GRACE_S = 3.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, None] = {}
    for line in sys.stdin:
        sign, group = line[0], int(line[1:])
        if sign == "+":
            groups[group] = None
        else:
            groups.pop(group, None)
    end_groups(list(groups), grace_s=_GRACE_S)


def end_groups(groups: list[int], *, grace_s: float) -> None:
    """SIGTERM to every process group, SIGKILL to those that are left after the grace."""
    _signal(reversed(groups), signal.SIGTERM)
    until = time.monotonic() + grace_s
    while any(_exists(group) for group in groups) and time.monotonic() < until:
        time.sleep(0.05)
    _signal(groups, signal.SIGKILL)


def _signal(groups: Iterable[int], number: int) -> None:
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            continue


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
