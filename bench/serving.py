"""Processes that rows about the API measure."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from services.cli.redis_server import prepare_redis, start_redis, stop_redis

# One process: with two, both cores would be the servers' and the client would wait for them.
_WORKERS, _THREADS = 1, 8


@contextmanager
def gateway(database_url: str, redis_url: str, folder: Path, **more: str) -> Iterator[int]:
    """A gateway over the database, as a process of its own; its port."""
    port = free_port()
    environment = {
        "ARGUS_DATA_DIR": str(folder / f"data-{port}"),
        "ARGUS_DATABASE_URL": database_url,
        "ARGUS_REDIS_URL": redis_url,
        "ARGUS_GATEWAY__PORT": str(port),
        "ARGUS_GATEWAY__WORKERS": str(_WORKERS),
        "ARGUS_GATEWAY__THREADS": str(_THREADS),
        "ARGUS_GATEWAY__RATE_LIMIT_KEY": "0",
        "ARGUS_ADMIN_PASSWORD": secrets.token_urlsafe(16),
        "ARGUS_LOG__LEVEL": "WARNING",
        **more,
    }
    with serving([sys.executable, "-m", "services.gateway"], environment, port, path="/health"):
        yield port


@contextmanager
def serving(command: list[str], environment: Mapping[str, str], port: int, *, path: str) -> Iterator[None]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
    child = subprocess.Popen(command, env={**plain, **environment}, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}{path}", child)
        yield
    finally:
        child.terminate()
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_until_it_answers(url: str, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and child.poll() is None:
        try:
            httpx.get(url, timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} was not answered within a minute")


@contextmanager
def own_redis(folder: Path) -> Iterator[str]:
    server = prepare_redis(folder, durable=False)
    child = start_redis(server)
    try:
        yield server.url
    finally:
        stop_redis(child)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
