"""Run a command that ends when the process that started it ends. A script of its own, started without site-packages.

`python -I -S leash.py PARENT_PID COMMAND…` asks the kernel for SIGTERM at the parent's death (Linux), then becomes
COMMAND. The kernel means the parent's thread: start it from one that lasts.
"""

import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def leashed(command: Sequence[str]) -> list[str]:
    """The command line that runs the command on this process' leash."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main() -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    expected, command = int(sys.argv[1]), sys.argv[2:]
    if os.getppid() != expected:
        sys.exit(0)  # the parent died before the kernel was asked
    try:
        os.execvp(command[0], command)  # noqa: S606 – becoming the command is this script's purpose
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be started: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main()
