"""The worker's side of a hand: starts its process, gives it orders, and ends it when it does not answer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from services.modules.line import Line
from shared.domain.errors import ArgusError
from shared.modules.order import ModuleOrder
from shared.modules.roster import ModuleInfo
from shared.observability import get_logger

log = get_logger("modules.hand")

OPEN_WITHIN_S: Final = 300.0
"""Longer than opening all specialists takes on a slow machine."""

HAND_PROGRAM: Final = "services.modules.hand_process"

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_STATUS_OUT_OF_MEMORY = 77


class HandDied(ArgusError):
    """The process ended in the middle of its work."""


class Hand:
    """One process with its models. Used by one thread at a time; `close` may come from another."""

    def __init__(
        self,
        *,
        time_limit_s: float,
        kill_after_s: float,
        threads: int,
        program: str = HAND_PROGRAM,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._time_limit_s = time_limit_s
        self._kill_after_s = kill_after_s
        self._environment = {**os.environ, **{name: os.environ.get(name, str(threads)) for name in _THREADS}}
        self._program = program
        self._monotonic = monotonic
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Line | None = None
        self._dead: dict[str, str] = {}
        self._closing = threading.Lock()
        self.modules: tuple[ModuleInfo, ...] = ()
        self.used_at = monotonic()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *, survey: bool = True) -> None:
        """Start the process unless it runs, and wait until it is ready. Raises `HandDied`.

        With `survey` all its specialists are opened, and `modules` says what they are; without, each is opened by
        its first order. A specialist that takes the process with it while it is opened is left out from then on.
        """
        while not self.running:
            opening = self._start_once(survey=survey)
            if opening is None:
                return
            self._dead[opening] = f"opening it ended the process ({self._how_it_ended()})"
            log.error("specialist_kills_the_process", module=opening, reason=self._dead[opening])

    def run(self, order: ModuleOrder, *, on_progress: Callable[[float], None]) -> dict[str, Any]:
        """The process' last word on an order: `done` or `failed`. Blocks; raises `HandDied`."""
        line, process = self._line, self._process
        if line is None or process is None:
            raise HandDied("the process has not been started")
        try:
            line.send(order.model_dump(mode="json"))
            return self._watched(line, process, on_progress)
        except (EOFError, OSError):
            raise HandDied(f"the process ended in the middle of it ({self._how_it_ended()})") from None
        finally:
            self.used_at = self._monotonic()

    def close(self) -> None:
        """End the process, whatever it is at. Calling it again does nothing."""
        with self._closing:
            process, line = self._process, self._line
            if process is not None:
                process.kill()
                process.wait()
            if line is not None:
                line.close()
            self._line = None

    def _watched(
        self, line: Line, process: subprocess.Popen[bytes], on_progress: Callable[[float], None]
    ) -> dict[str, Any]:
        soft_at = self._monotonic() + self._time_limit_s
        hard_at, asked = soft_at + self._kill_after_s, False
        while True:
            answer = line.receive(max(0.001, (hard_at if asked else soft_at) - self._monotonic()))
            if answer is None and asked:
                self.close()
                limit_s = self._time_limit_s + self._kill_after_s
                return {
                    "kind": "failed",
                    "error": f"it was killed after {limit_s:g} s",
                    "again": False,
                    "timeout": True,
                }
            if answer is None:
                asked = True
                process.send_signal(signal.SIGUSR1)
            elif answer["kind"] == "progress":
                on_progress(float(answer["share"]))
            else:
                return answer

    def _start_once(self, *, survey: bool) -> str | None:
        """Start the process; None once it is ready, or the specialist whose opening ended it."""
        self.close()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._program, str(theirs.fileno())],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        self._line = line = Line(ours)
        opening = ""
        try:
            line.send({"dead": self._dead, "survey": survey})
            while (answer := line.receive(OPEN_WITHIN_S)) is not None:
                if answer["kind"] == "ready":
                    if survey:
                        self.modules = tuple(ModuleInfo.model_validate(module) for module in answer["modules"])
                    self.used_at = self._monotonic()
                    return None
                opening = str(answer["module"])
        except (EOFError, OSError):
            pass
        else:
            self.close()
        if not opening or opening in self._dead:
            raise HandDied(f"the process cannot be started ({self._how_it_ended()})")
        return opening

    def _how_it_ended(self) -> str:
        if self._process is None:
            return "it was never started"
        status: int | None = None
        with suppress(subprocess.TimeoutExpired):
            status = self._process.wait(5)
        return _words_for(status)


def _words_for(status: int | None) -> str:
    if status is None:
        return "it hangs"
    if status == _STATUS_OUT_OF_MEMORY:
        return "no memory was left"
    if status == -signal.SIGKILL:
        return "killed, perhaps for want of memory"
    return f"by signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
