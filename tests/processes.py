"""Real processes in tests: started with a mark in their environment, ended by pid, leftovers reported."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

MARK = "TEST_PROCESS_MARK"


class Processes:
    """Starts processes for one test. Whatever they start inherits the mark and is found by it, even as an orphan."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self._children: list[subprocess.Popen[bytes]] = []

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """This process' environment without settings of Argus, with the mark and `extra`."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
        return {**plain, "OMP_NUM_THREADS": "1", **(extra or {}), MARK: self.mark}

    def start(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Run the command in a session of its own; stdout and stderr go to `output` (default: nowhere)."""
        with open(output or os.devnull, "ab") as sink:
            child = subprocess.Popen(
                list(command),
                env=self.environment(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children.append(child)
        return child

    def alive(self) -> list[psutil.Process]:
        """Every living process with the mark."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def described(self) -> list[str]:
        """The living processes with the mark, for messages."""
        return [_describe(process) for process in self.alive()]

    def end_all(self) -> list[str]:
        """Kill what is left, by pid, and say what that was (the processes `start` made are not counted)."""
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.wait()
        left = self.alive()
        told = [_describe(process) for process in left]
        for process in left:
            with_pid_gone(process)
        return told

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get(MARK) == self.mark
        except psutil.Error:
            return False


def with_pid_gone(process: psutil.Process) -> None:
    """Kill the process and wait until it is gone."""
    try:
        process.kill()
        process.wait(30)
    except psutil.Error:
        return


def _describe(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:160]}"
    except psutil.Error:
        return f"{process.pid} (gone)"
