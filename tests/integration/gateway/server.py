"""The gateway as operators run it: a process with several workers, over a filled database."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from tests.conftest import PROJECT
from tests.processes import Processes


@dataclass(frozen=True)
class Server:
    """A running gateway. `keys` open the accounts of the template."""

    child: subprocess.Popen[bytes]
    url: str
    keys: Mapping[str, str]
    log: Path
    port: int

    def client(self, who: str | None = "alice", **kwargs: object) -> httpx.Client:
        headers = {"X-API-Key": self.keys[who]} if who else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20, **kwargs)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Ask it to stop, workers and all."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(60)

    def wait_until_it_answers(self, wait_until: Callable[..., object]) -> None:
        def answers() -> bool:
            if self.child.poll() is not None:
                pytest.fail(f"the gateway ended with {self.child.returncode}: {self.log.read_text()[-2000:]}")
            try:
                return httpx.get(f"{self.url}/health", timeout=5).status_code in (200, 503)
            except httpx.TransportError:
                return False

        wait_until(answers, 120, f"the gateway to answer: {self.log.read_text()[-500:]}")


class StartServer(Protocol):
    def __call__(self, *, empty: bool = False, **more: str) -> Server: ...


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data: Path, redis_url: str, *, port: int, **more: str) -> dict[str, str]:
    return {
        "ARGUS_DATA_DIR": str(data),
        "ARGUS_REDIS_URL": redis_url,
        "ARGUS_GATEWAY__PORT": str(port),
        "ARGUS_GATEWAY__WORKERS": "2",
        "ARGUS_GATEWAY__THREADS": "4",
        "ARGUS_GATEWAY__RATE_LIMIT_KEY": "100000",
        "ARGUS_GATEWAY__RATE_LIMIT_TOKEN": "100000",
        "ARGUS_GATEWAY__RATE_LIMIT_BASIC": "100000",
        "ARGUS_GATEWAY__RATE_LIMIT_ADDRESS": "100000",
        **more,
    }


def start_server(processes: Processes, folder: Path, redis_url: str, keys: Mapping[str, str], **more: str) -> Server:
    port, log = free_port(), folder / "gateway.log"
    child = processes.start(
        [sys.executable, "-m", "services.gateway"],
        env=environment(folder / "data", redis_url, port=port, **more),
        cwd=PROJECT,
        output=log,
    )
    return Server(child, f"http://127.0.0.1:{port}", keys, log, port)
