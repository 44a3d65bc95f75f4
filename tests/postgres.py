"""A PostgreSQL cluster for tests: its own folder, a loopback port, ended with the test run."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from services.cli.leash import leashed
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
        command = [*_leash(user), str(programs / "postgres"), "-D", str(data), *options.split()]
        with open(root / "log", "wb") as log:
            server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        try:
            _wait(programs, port, server, root / "log")
            yield f"postgresql+psycopg://argus@127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGQUIT)  # at once, without a checkpoint: nothing is to be kept
            server.wait(20)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: take an unprivileged user then."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in known)


def _leash(user: str | None) -> list[str]:
    """How to run the server as the user, so that it ends with a test run that is killed."""
    if user is None:
        return leashed([])
    account = pwd.getpwnam(user)
    # The user may not be able to run this Python, and a change of user undoes the leash: setpriv does both.
    identity = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *identity, "--pdeathsig=TERM", "--"]


def _run(command: list[str | Path], user: str | None) -> None:
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, capture_output=True, text=True, user=user, cwd="/", check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments[0]} failed: {done.stderr[-800:]}")


def _wait(programs: Path, port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    asked = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "argus"]
    while subprocess.run(asked, check=False).returncode:
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-800:]}")
        time.sleep(0.05)
