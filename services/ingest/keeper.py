"""The keeper of the footage: deletes what is too old, makes room, finishes what a crash left, sends spools away."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import av.error

from services.ingest.footage import FOLDER, expired, oldest_first
from services.ingest.remux import PART
from shared.domain.errors import Permanent, Transient
from shared.media import MediaStore
from shared.observability import get_logger

log = get_logger("ingest.keeper")

_MIB = 1024 * 1024
_LOOK_S = 5.0
_CLEAN_S = 60.0
# Nothing is written to a segment that has been still for this long: whoever wrote it is gone.
_ORPHANED_S = 60.0
# Stopping and going on at the same number would be a flutter.
_MARGIN = 1.05


class Keeper:
    """Works on a thread of its own, every few seconds.

    `here` is where segments are written, a store on this machine; `media` is where they are kept, which may be the
    same. At less than `min_free_bytes` on the disk the oldest segments go early; when none is left `shortage` says
    so, until there is room again. `free_bytes` tells what is free in a folder.
    """

    def __init__(
        self,
        *,
        here: MediaStore,
        media: MediaStore,
        keep: timedelta,
        min_free_bytes: int,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._here = here
        self._media = media
        self._keep = keep
        self._min_free = min_free_bytes
        self._free_bytes = free_bytes
        self._now = now
        self._monotonic = monotonic
        self._root = self.place(FOLDER)
        self._next_clean = 0.0
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self.shortage = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout_s: float = 0.5) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def look_soon(self) -> None:
        """Something could not be written: see whether the disk is full."""
        self._wake.set()

    def place(self, path: str) -> Path:
        """Where a path of the store lies on this machine."""
        place = self._here.local_path(path)
        if place is None:
            raise ValueError("segments are written on this machine only")
        return place

    def step(self) -> None:
        """One look. Raises `Transient` when a store does not answer."""
        self._make_room()
        if self._monotonic() >= self._next_clean:
            self._next_clean = self._monotonic() + _CLEAN_S
            self.finish_orphans()
            self.expire()
        if self._here is not self._media:
            self._send_away()

    def expire(self) -> int:
        """Delete what is too old; how many segments that were."""
        count = 0
        for store in {id(self._here): self._here, id(self._media): self._media}.values():
            for camera in store.names(FOLDER):
                due = expired(oldest_first(store.names, camera=camera), now=self._now(), keep=self._keep)
                count += sum(self._delete(store, path) for path in due)
        if count:
            log.info("footage_expired", segments=count)
        return count

    def finish_orphans(self) -> int:
        """Give segments that a crash left unfinished their names; how many could be saved."""
        saved = 0
        for part in self._parts():
            with suppress(FileNotFoundError):  # another replica does the same
                if time.time() - part.stat().st_mtime < _ORPHANED_S:
                    continue
                if _is_playable(part):
                    part.replace(part.with_name(part.name[1 : -len(PART)]))
                    saved += 1
                else:
                    part.unlink()
        if saved:
            log.info("segments_recovered", segments=saved)
        return saved

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self.step()
            except (Transient, Permanent, OSError) as error:
                log.warning("footage_not_kept_in_order", reason=str(error))
            except Exception:  # task boundary: the disk must be watched on, whatever befell
                log.exception("keeper_crashed")
            self._wake.wait(_LOOK_S)

    def _make_room(self) -> None:
        enough = int(self._min_free * (_MARGIN if self.shortage else 1))
        free = self._free()
        if free < enough:
            free = self._delete_early()
        if free < enough:
            self._say_shortage(free)
        elif self.shortage:
            self.shortage = ""
            log.info("disk_has_room_again", free_mib=free // _MIB)

    def _delete_early(self) -> int:
        count, free = 0, self._free()
        for path in oldest_first(self._here.names):
            if free >= self._min_free * _MARGIN:
                break
            count += self._delete(self._here, path)
            free = self._free()
        if count:
            log.warning("footage_deleted_early", segments=count, free_mib=free // _MIB)
        return free

    def _say_shortage(self, free: int) -> None:
        if not self.shortage:
            log.error("disk_full", free_mib=free // _MIB, least_mib=self._min_free // _MIB, folder=str(self._root))
        self.shortage = f"not recorded: the disk is full ({free // _MIB} MiB free, {self._min_free // _MIB} needed)"

    def _send_away(self) -> None:
        for path in oldest_first(self._here.names):
            if self._stop.is_set():
                return
            self._media.write(path, self._here.read(path))
            self._delete(self._here, path)

    def _delete(self, store: MediaStore, path: str) -> bool:
        store.delete(path)
        place = store.local_path(path)
        if place is not None:
            root = store.local_path(FOLDER)
            for folder in place.parents:
                if folder == root:
                    break
                try:
                    folder.rmdir()
                except OSError:  # not empty
                    break
        return True

    def _free(self) -> int:
        folder = self._root
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return self._free_bytes(folder)

    def _parts(self) -> list[Path]:
        """Unfinished segments: those of each camera's last two days, since a writer's next one is never earlier."""
        found: list[Path] = []
        for camera in self._here.names(FOLDER):
            days = sorted((self._root / camera).glob("[0-9]*/[0-9]*/[0-9]*"))[-2:]
            found += [part for day in days for part in day.glob(f".*{PART}")]
        return found


def _is_playable(path: Path) -> bool:
    try:
        with av.open(str(path)) as container:
            return any(packet.size for packet in container.demux(video=0))
    except (av.error.FFmpegError, OSError, ValueError, IndexError):
        return False
