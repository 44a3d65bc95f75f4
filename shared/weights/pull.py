"""Bring a weights file from its origin or a mirror: resumable, checked, and visible only when it is whole."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from shared.domain.errors import Transient, UserError
from shared.weights.condition import Condition, condition_of, sha256_of
from shared.weights.download import copy, download
from shared.weights.entry import Weights
from shared.weights.lock import locked_part
from shared.weights.source import shown, source_of

Progress = Callable[[int, int], None]


def no_progress(done_bytes: int, total_bytes: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullLimits:
    """Bounds of one pull, in seconds.

    `total_s` bounds the whole (None: no bound). It is looked at whenever bytes arrive, so a connection that falls
    silent may add one `stall_s`. `connect_s` bounds a connection, `stall_s` the silence within one.
    """

    total_s: float | None = None
    connect_s: float = 5.0
    stall_s: float = 30.0
    attempts: int = 3


def pull(
    weights: Weights,
    folder: Path,
    *,
    mirror: str | None = None,
    progress: Progress = no_progress,
    limits: PullLimits | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """The path of the verified file of `weights` in `folder`, after bringing it there when it is missing or damaged.

    Blocks. An interrupted download stays beside it as `<file>.part` and is continued by the next call. Safe to call
    from several processes at once: one brings the file, the others wait for it.
    Raises `UserError`: no source, not reachable, too slow, wrong checksum (the file is removed), no room.
    """
    target = folder / weights.file
    with _folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if condition_of(weights, target) is not Condition.OK:
            source = source_of(weights, mirror)
            _Job(weights, source, target, limits or PullLimits(), progress, clock, sleep).run()
    progress(weights.bytes, weights.bytes)
    return target


@dataclass(slots=True)
class _Job:
    """One pull of one file."""

    weights: Weights
    source: str | Path
    target: Path
    limits: PullLimits
    progress: Progress
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    deadline: float | None = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = None if self.limits.total_s is None else self.clock() + self.limits.total_s

    def run(self) -> None:
        part_path = self.target.with_name(self.target.name + ".part")
        with locked_part(part_path, left_s=self.left_s, sleep=self.sleep) as part:
            if condition_of(self.weights, self.target) is Condition.OK:  # somebody else brought it while we waited
                part_path.unlink()
                return
            if isinstance(self.source, Path):
                copy(part, self.source, wrote=self.wrote)
            else:
                self._download(part, self.source)
            self._settle(part, part_path)

    def left_s(self) -> float | None:
        """Seconds that are left, None for any number. Raises `UserError` when there are none."""
        if self.deadline is None:
            return None
        left = self.deadline - self.clock()
        if left <= 0:
            name, total_s = self.weights.name, self.limits.total_s
            raise UserError(
                f"weights {name!r}",
                f"not complete after {total_s:g} s from {shown(self.source)}",
                remedy=f"run 'argus models pull {name}' again: it continues where it stopped",
            )
        return left

    def wrote(self, done_bytes: int) -> None:
        self.left_s()
        self.progress(done_bytes, self.weights.bytes)

    def _download(self, part: BinaryIO, url: str) -> None:
        for attempt in range(1, self.limits.attempts + 1):
            try:
                download(
                    part,
                    url,
                    size=self.weights.bytes,
                    wrote=self.wrote,
                    connect_s=self.limits.connect_s,
                    stall_s=self.limits.stall_s,
                    left_s=self.left_s(),
                )
            except Transient as error:
                left = self.left_s()
                if attempt == self.limits.attempts:
                    raise UserError(
                        f"weights {self.weights.name!r}",
                        f"{shown(url)}: {error}",
                        remedy="check the network, or set ARGUS_MODELS_MIRROR to a folder or URL that has the file",
                    ) from None
                pause = 0.2 * attempt
                self.sleep(pause if left is None else min(pause, left))
            else:
                return

    def _settle(self, part: BinaryIO, part_path: Path) -> None:
        """Make the filled part the file it is to be, or remove it."""
        part.flush()
        got = sha256_of(part_path)
        if got != self.weights.sha256:
            part_path.unlink()
            raise UserError(
                f"weights {self.weights.name!r}",
                f"wrong checksum from {shown(self.source)}: expected sha256 {self.weights.sha256}, got {got}; removed",
                remedy="pull again; if it stays wrong the source serves another file, do not use it",
            )
        os.fsync(part.fileno())
        part_path.replace(self.target)
        _sync(self.target.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            str(error.filename or folder),
            f"weights cannot be written here: {error.strerror or error}",
            remedy="make room and give this user write permission, or set ARGUS_DATA_DIR",
        ) from None
