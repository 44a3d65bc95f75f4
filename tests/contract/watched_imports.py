"""`python -B watched_imports.py PACKAGE…`: import every module and print as JSON what importing did besides.

Runs as a process of its own: an audit hook cannot be taken off again.
"""

from __future__ import annotations

import json
import os
import pkgutil
import sys
import threading
from importlib import import_module
from typing import Any

LEFT_OUT = frozenset({"__main__", "shared.db.migrations.env"})
"""What is a program rather than a module: Alembic executes its environment."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REFUSED = frozenset(
    {
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.system",
        "os.fork",
        "os.exec",
        "os.posix_spawn",
        "signal.pthread_kill",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "sqlite3.connect",
        "subprocess.Popen",
        "tempfile.mkdtemp",
        "tempfile.mkstemp",
    }
)


class Watch:
    """Notes what the module that is being imported does; refuses it as well, so that nothing comes of it."""

    def __init__(self) -> None:
        self.module = ""
        self.seen: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & _WRITING and args[0] != os.devnull
        if self.module and (writes or event in _REFUSED):
            self.seen.append(f"{self.module}: {event} {args[0]!r}"[:200])
            raise PermissionError(f"{event} while importing {self.module}")


def modules_of(package: str) -> list[str]:
    """The package and all modules below it, by name. Imports the packages among them."""
    root = import_module(package)
    found = [package, *(module.name for module in pkgutil.walk_packages(root.__path__, prefix=f"{package}."))]
    return [name for name in found if name not in LEFT_OUT and not name.endswith(".__main__")]


def main(packages: list[str]) -> int:
    watch = Watch()
    sys.addaudithook(watch)
    modules = []
    for package in packages:
        watch.module = package
        modules += modules_of(package)
    for name in modules:
        watch.module = name
        try:
            import_module(name)
        except Exception as error:  # noqa: BLE001 – every module is to be looked at, whatever one of them does
            watch.seen.append(f"{name}: {type(error).__name__}: {error}"[:200])
        if threading.active_count() > 1:
            watch.seen.append(f"{name}: started a thread")
            break
    watch.module = ""
    print(json.dumps({"modules": len(modules), "seen": watch.seen}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
