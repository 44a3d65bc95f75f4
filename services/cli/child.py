"""One supervised process and everything it started: a process group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from services.cli.leash import leashed

_LONGEST_LINE = 65_536


@dataclass(frozen=True, slots=True)
class Service:
    """What to run. With a `gate`, later services wait at start until it gives True (it may block for half a second).

    `last_words` tells why it ended when its output does not.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    gate: Callable[[], bool] | None = None
    last_words: Callable[[], str] | None = None


class Child:
    """A running service. Start it from the main thread: the kernel ties it to the thread that made it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        environment = {**os.environ, **service.environment}
        self._process = subprocess.Popen(
            leashed(service.command),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stdout = self._process.stdout
        if stdout is None:
            raise AssertionError("stdout was asked for")
        self.output = stdout
        os.set_blocking(self.output.fileno(), False)
        self._rest = b""

    @property
    def pid(self) -> int:
        """The process, and the group it leads."""
        return self._process.pid

    def lines(self) -> list[str]:
        """The whole lines written since the last call; never blocks."""
        while True:
            try:
                chunk = os.read(self.output.fileno(), _LONGEST_LINE)
            except (BlockingIOError, ValueError, OSError):
                break
            if not chunk:
                break
            self._rest += chunk
            if len(self._rest) >= _LONGEST_LINE:
                break
        *whole, self._rest = self._rest.split(b"\n")
        if len(self._rest) >= _LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], b""
        return [line.decode(errors="replace").rstrip("\r") for line in whole if line.strip()]

    def signal(self, number: signal.Signals) -> None:
        """Signal the service's main process; it tells its own children."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """End the whole group at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def poll(self) -> int | None:
        """The exit status once the main process has ended; the rest of its group is killed then. Never blocks."""
        if self._process.returncode is None and self._has_ended():
            # Before the process is reaped its number cannot be another's: kill the group now.
            self.kill()
            self._process.wait()
        return self._process.returncode

    def close(self) -> list[str]:
        """Give up the output pipe and return its last lines."""
        last = self.lines()
        if self._rest.strip():
            last.append(self._rest.decode(errors="replace"))
        self._rest = b""
        self.output.close()
        return last

    def _has_ended(self) -> bool:
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True
