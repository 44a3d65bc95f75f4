"""A PostgreSQL cluster for tests: its own folder, a loopback port, ended with the test run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from services.cli.redis_server import free_port

_UNPRIVILEGED = ("postgres", "nobody")


def postgres_folder() -> Path | None:
    """The folder of the newest installed server's programs, or None."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    return Path(on_path).parent if on_path else None


@contextmanager
def postgres_cluster(programs: Path) -> Iterator[str]:
    """Run a cluster and give the URL prefix of its databases, without a database's name."""
    user = _server_user()
    root = Path(tempfile.mkdtemp(prefix="argus-pg-"))
    data, port = root / "data", free_port(Random())
    if user:
        shutil.chown(root, user)
    try:
        _run([programs / "initdb", "-D", data, "-U", "argus", "-A", "trust", "-E", "UTF8", "--no-sync"], user)
        options = f"-h 127.0.0.1 -p {port} -k {root} -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        _run([programs / "pg_ctl", "-D", data, "-w", "-t", "30", "-l", root / "log", "-o", options, "start"], user)
        try:
            yield f"postgresql+psycopg://argus@127.0.0.1:{port}"
        finally:
            _run([programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: take an unprivileged user then."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in known)


def _run(command: list[str | Path], user: str | None) -> None:
    arguments = [str(part) for part in command]
    # Into a file: the server inherits the output of pg_ctl and would keep a pipe open for ever.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(arguments, stdout=output, stderr=output, user=user, cwd="/", check=False)
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{arguments[0]} failed: {output.read().decode(errors='replace')[-800:]}")
