"""One writer at a time for a file that is being brought in."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_POLL_S = 0.1


@contextmanager
def locked_part(
    path: Path, *, left_s: Callable[[], float | None], sleep: Callable[[float], None]
) -> Iterator[BinaryIO]:
    """The file at `path`, opened for reading and writing, while no other process has it.

    The lock is on the part itself, so it dies with its process and leaves no file of its own. The holder may rename
    or remove the part; one left empty is removed. Blocks for as long as `left_s` does not raise.
    """
    while True:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as part:
            while not _try_lock(part):
                left_s()
                sleep(_POLL_S)
            # While we waited, the holder may have renamed or removed the very file we locked: then open again.
            if _is_at(part, path):
                try:
                    yield part
                finally:
                    _remove_empty(part, path)
                return


def _try_lock(part: BinaryIO) -> bool:
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(part: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(part.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _remove_empty(part: BinaryIO, path: Path) -> None:
    part.flush()
    if _is_at(part, path) and os.fstat(part.fileno()).st_size == 0:
        path.unlink()
