"""Serving the API with gunicorn, started from here and not from its command line."""

from __future__ import annotations

import logging
import os
import resource
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger

from services.gateway.grace import Grace
from shared.domain.errors import UserError
from shared.ending import leave
from shared.settings import Settings

_HANG_S = 60
_KEEPALIVE_S = 15
_MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 – gunicorn's heartbeat files must not wait for a slow disk


def serve(settings: Settings, *, ports: Mapping[int, str], application: Callable[[], Any], grace: Grace) -> None:
    """Answer until SIGTERM or SIGINT. `application` makes the WSGI app, once in each worker process.

    Requests in flight at the end are given `grace` to finish.

    Raises `UserError` when a port cannot be listened on, before anything is started.
    """
    addresses = [(settings.gateway.host, settings.gateway.port, "gateway.port")]
    addresses += [(settings.gateway.host, port, f"gateway.dialect_ports.{name}") for port, name in ports.items()]
    for host, port, field in addresses:
        check_address(host, port, field=field)
    _allow_many_files()
    _Server(settings, [_bind(host, port) for host, port, _ in addresses], application, grace).run()


def _allow_many_files() -> None:
    """Each stream holds a file descriptor: as many as this user may have, not the few that are usual."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def check_address(host: str, port: int, *, field: str) -> None:
    """Raises `UserError` when nothing can listen there."""
    place = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        raise UserError("gateway.host", f"{host} is no address of this machine", remedy="use 127.0.0.1") from None
    except OSError as error:
        reason = str(error.strerror or error).lower()
        remedy = "stop what listens there, or choose another port"
        raise UserError(field, f"{place} cannot be used: {reason}", remedy=remedy) from None


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings, binds: list[str], application: Callable[[], Any], grace: Grace) -> None:
        self._settings = settings
        self._binds = binds
        self._application = application
        self._grace = grace
        super().__init__()

    def load_default_config(self) -> None:
        self.cfg = _Config(self._grace, self.usage, prog=self.prog)

    def load_config(self) -> None:
        gateway = self._settings.gateway
        values = {
            "bind": self._binds,
            "workers": gateway.workers,
            "threads": gateway.threads,
            "worker_class": "services.gateway.worker.JsonWorker",
            "timeout": _HANG_S,
            "keepalive": _KEEPALIVE_S,
            "logger_class": _QuietLogger,
            "proc_name": "argus-gateway",
            "worker_tmp_dir": str(_MEMORY_FOLDER) if os.access(_MEMORY_FOLDER, os.W_OK) else None,
            "control_socket_disable": True,
            "child_exit": _forget_metrics,
            "worker_exit": _leave_at_once,
        }
        for name, value in values.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return self._application()


class _Config(Config):  # type: ignore[misc]
    """gunicorn's settings, one of which may change while it runs."""

    def __init__(self, grace: Grace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._grace = grace  # only now: gunicorn's own attributes must be there before any other is set

    @property
    def graceful_timeout(self) -> float:
        return self._grace.seconds


class _QuietLogger(Logger):  # type: ignore[misc]
    """gunicorn's records through this process's own logs."""

    def setup(self, _: Any) -> None:
        self.error_log = logging.getLogger("gunicorn.error")
        self.access_log = logging.getLogger("gunicorn.access")
        self.error_log.propagate = True
        self.access_log.propagate = False

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.debug("a client stopped in the middle of its request")
        else:
            super().exception(msg, *args, **kwargs)


def _bind(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _forget_metrics(_: Any, worker: Any) -> None:
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _leave_at_once(_: Any, worker: Any) -> None:
    """Its requests are answered. One that could not start, or broke, tells the master so by gunicorn's own status."""
    if not worker.booted or worker.alive:
        return
    leave(0)
