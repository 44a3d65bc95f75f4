"""The folders of an installation, and the lock that keeps it to one supervisor."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.domain.errors import UserError

_LOCK_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things lie below the data dir."""

    data: Path

    @property
    def run(self) -> Path:
        """What is true only while Argus runs."""
        return self.data / "run"

    @property
    def redis(self) -> Path:
        return self.data / "redis"

    @property
    def metrics(self) -> Path:
        return self.run / "metrics"

    @property
    def redis_url_file(self) -> Path:
        """The URL of the embedded Redis, for other commands of the same user."""
        return self.run / "redis.url"

    @property
    def services_file(self) -> Path:
        """The names of the processes that were started, one per line."""
        return self.run / "services"

    @property
    def lock_file(self) -> Path:
        return self.run / "lock"

    @property
    def written(self) -> tuple[Path, ...]:
        """What is written to once it is there: another user's start may have left it to that user alone."""
        return (self.data, self.run, self.lock_file, self.redis, self.data / "argus.db")

    def not_writable(self) -> Path | None:
        """What is there and cannot be written by this user; None when all is well."""
        return next((path for path in self.written if os.path.exists(path) and not _may_write(path)), None)


def prepare(data_dir: Path) -> Folders:
    """Make the folders; `data` is absolute afterwards.

    Raises `UserError` when the data dir, or something of the installation in it, cannot be written.
    """
    folders = Folders(data_dir.expanduser().resolve())
    probe = folders.data / f".write-test-{os.getpid()}"
    try:
        folders.run.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _not_writable(folders.data, error) from None
    if (path := folders.not_writable()) is not None:
        raise _not_writable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    return folders


def empty_folder(folder: Path) -> None:
    """Make the folder, or remove what is in it. Raises `UserError`."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error) from None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


@contextmanager
def exclusive(folders: Folders) -> Iterator[int]:
    """Hold the installation's lock; gives its descriptor, to be passed on to the guard.

    Waits a few seconds for one that is just ending. Raises `UserError` when another supervisor runs.
    """
    try:
        descriptor = os.open(folders.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _not_writable(folders.lock_file, error) from None
    try:
        _lock(descriptor, folders)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield descriptor
    finally:
        os.close(descriptor)


def is_running(folders: Folders) -> bool:
    """Whether a supervisor (or its guard, which is ending the services) holds the lock now."""
    try:
        descriptor = os.open(folders.lock_file, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def started(folders: Folders) -> list[str]:
    """The processes of the supervisor that runs now; none when none runs."""
    if not is_running(folders):
        return []
    try:
        return folders.services_file.read_text(encoding="utf-8").split()
    except OSError:
        return []


def _lock(descriptor: int, folders: Folders) -> None:
    until = time.monotonic() + _LOCK_PATIENCE_S
    while not _try_lock(descriptor):
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        # The holder's death means that its guard is ending the services: that takes a moment.
        if _lives(holder) or time.monotonic() > until:
            who = f" (process {holder})" if holder else ""
            reason = f"{folders.data} is in use by a running Argus{who}"
            raise UserError("data_dir", reason, remedy="stop that one, or choose another ARGUS_DATA_DIR")
        time.sleep(0.1)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK | (os.X_OK if path.is_dir() else 0), effective_ids=True)


def _not_writable(folder: Path, error: OSError) -> UserError:
    return UserError(
        "data_dir",
        f"{folder} cannot be written: {error.strerror}",
        remedy="give this user write permission, or set ARGUS_DATA_DIR",
    )
