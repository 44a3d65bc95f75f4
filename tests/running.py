"""`argus up` or `argus demo` in a process of its own, for tests of the whole."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from services.cli.ports import some_free_port
from tests.conftest import PROJECT, wait_until
from tests.processes import Processes

READY_DEADLINE_S = 120.0
"""Far beyond what it takes: machines that test are busy, and a slow start is not what these tests look for."""


class RunningArgus:
    """One installation under its supervisor, in a data dir of its own."""

    def __init__(
        self, processes: Processes, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.processes = processes
        self.data = folder / "data"
        self.port = some_free_port("127.0.0.1")
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = folder / "output.txt"
        self.environment = {
            "ARGUS_DATA_DIR": str(self.data),
            "ARGUS_GATEWAY__PORT": str(self.port),
            "ARGUS_GATEWAY__DIALECT_PORTS": ",",
            # Who waits for a condition asks for it often, and on a busy machine for long.
            **{f"ARGUS_GATEWAY__RATE_LIMIT_{each}": "0" for each in ("KEY", "TOKEN", "BASIC", "ADDRESS")},
            **(environment or {}),
        }
        self._folder = folder
        self.process = self.start(*arguments)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start (again), without waiting for anything."""
        self.process = self.processes.start(
            [sys.executable, "-m", "services.cli", *arguments], env=self.environment, cwd=PROJECT, output=self.output
        )
        return self.process

    @property
    def text(self) -> str:
        """Everything printed so far, logs and words."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.text
            return "Argus is ready" in self.text

        wait_until(ready, READY_DEADLINE_S, "the line that says ready; printed were: " + self.text[-2000:])

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Another `argus` command on the same installation."""
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *arguments],
            env=self.processes.environment(self.environment),
            cwd=PROJECT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """What another command says as JSON."""
        done = self.command(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def pid_of(self, service: str) -> int:
        """The main process of a service, the newest one."""
        records = [json.loads(line) for line in self.log_lines() if '"service_started"' in line]
        return int(next(record["pid"] for record in reversed(records) if record.get("name") == service))

    def log_lines(self) -> list[str]:
        """The records of the supervisor and the services."""
        copies = list(self.data.glob("**/run/argus.log"))
        text = copies[0].read_text(errors="replace") if copies else self.text
        return [line for line in text.splitlines() if line.startswith("{")]

    def kill(self, service: str) -> int:
        """kill -9 the service's main process; its pid."""
        pid = self.pid_of(service)
        psutil.Process(pid).kill()
        return pid

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, float]:
        """Signal the supervisor; its exit status and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(30)
        return status, time.monotonic() - started

    def find(self, pattern: str) -> re.Match[str]:
        """A printed text that must be there."""
        match = re.search(pattern, self.text)
        assert match is not None, f"{pattern!r} not in {self.text[-3000:]}"
        return match
