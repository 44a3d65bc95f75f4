"""The keeper on real folders and an object store: old footage goes, room is made, nothing else is touched."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.ingest.footage import segment_path
from services.ingest.keeper import Keeper
from services.ingest.remux import part_of
from shared.domain.errors import Transient
from shared.media import MediaStore
from tests.integration.ingest.clips import draw_clip
from tests.integration.ingest.footage import look_at, segments, unfinished

_NOW = datetime(2026, 5, 2, 1, 0, tzinfo=UTC)
_MIB = 1024 * 1024


class Disk:
    """A disk of ten MiB on which every segment takes one; `other` is what others have on it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.other = 0

    def free(self, folder: Path) -> int:
        assert folder.exists()
        return (10 - self.other - len(segments(self._root))) * _MIB


def a_keeper(here: MediaStore, disk: Disk, *, media: MediaStore | None = None, min_free_mib: int = 2) -> Keeper:
    return Keeper(
        here=here,
        media=media or here,
        keep=timedelta(hours=24),
        min_free_bytes=min_free_mib * _MIB,
        free_bytes=disk.free,
        now=lambda: _NOW,
    )


def fill(store: MediaStore, ages_h: Iterable[float], *, camera: str = "cam") -> list[str]:
    paths = [segment_path(camera, _NOW - timedelta(hours=age)) for age in ages_h]
    for path in paths:
        store.write(path, b"footage")
    return paths


@pytest.fixture
def here(tmp_path: Path) -> MediaStore:
    return MediaStore.open(tmp_path.as_uri())


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.mark.parametrize("kept", ["here", "in an object store"])
def test_footage_goes_when_its_time_is_over_and_nothing_else_does(here: MediaStore, disk: Disk, kept: str) -> None:
    media = here if kept == "here" else MediaStore.open(f"memory://bucket-{uuid.uuid4().hex}/x")
    old, young = fill(media, [50, 30, 24.5]), fill(media, [23.5, 1, 0])
    others = fill(media, [40, 2], camera="gone")
    media.write("segments/cam/2026/04/30/notes.txt", b"mine")
    media.write("snapshots/cam/2020/01/01/a.jpg", b"picture")
    a_keeper(here, disk, media=media).step()
    assert [path for path in (*old, others[0]) if media.exists(path)] == []
    assert all(media.exists(path) for path in (*young, others[1]))
    assert media.exists("segments/cam/2026/04/30/notes.txt")
    assert media.exists("snapshots/cam/2020/01/01/a.jpg")


def test_empty_folders_go_with_their_footage(tmp_path: Path, here: MediaStore, disk: Disk) -> None:
    fill(here, [24 * 40, 24 * 35, 1])
    fill(here, [24 * 40], camera="gone")
    a_keeper(here, disk).step()
    folders = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_dir()}
    assert folders == {
        "segments",
        "segments/cam",
        "segments/cam/2026",
        "segments/cam/2026/05",
        "segments/cam/2026/05/02",
    }


def test_when_the_disk_fills_the_oldest_footage_of_all_cameras_goes_early(
    tmp_path: Path, here: MediaStore, disk: Disk
) -> None:
    of_one, of_two = fill(here, [9, 7, 5, 3], camera="one"), fill(here, [8, 6, 4, 2, 1], camera="two")
    keeper = a_keeper(here, disk)
    keeper.step()
    # Nine of ten are taken; two and a little must be free.
    assert [path for path in (*of_one, *of_two) if not here.exists(path)] == [of_one[0], of_two[0]][: 9 - 7]
    assert keeper.shortage == ""


def test_when_nothing_is_left_to_delete_the_shortage_is_told_until_it_is_over(here: MediaStore, disk: Disk) -> None:
    fill(here, [3, 2])
    keeper = a_keeper(here, disk)
    disk.other = 9
    keeper.step()
    assert keeper.shortage == "not recorded: the disk is full (1 MiB free, 2 needed)"
    disk.other = 8  # just enough: not yet, or it would go on and off
    keeper.step()
    assert keeper.shortage
    disk.other = 7
    keeper.step()
    assert keeper.shortage == ""


def test_a_disk_with_room_loses_nothing_early(here: MediaStore, disk: Disk) -> None:
    paths = fill(here, [5, 4, 3, 2, 1])
    a_keeper(here, disk).step()
    assert all(here.exists(path) for path in paths)


def test_what_a_crash_left_gets_its_name_when_it_can_be_played(tmp_path: Path, here: MediaStore, disk: Disk) -> None:
    folder = tmp_path / "segments/cam/2026/05/02"
    folder.mkdir(parents=True)
    whole, broken, fresh = (part_of(folder / f"00000{n}.mp4") for n in (1, 2, 3))
    clip = draw_clip(tmp_path / "a.mp4", seconds=1)
    for part in (whole, fresh):
        part.write_bytes(clip.read_bytes())
    broken.write_bytes(b"\x00" * 500)
    for part in (whole, broken):
        os.utime(part, (time.time() - 120, time.time() - 120))
    assert a_keeper(here, disk).finish_orphans() == 1
    assert [path.name for path in segments(tmp_path)] == ["000001.mp4"]
    assert look_at(segments(tmp_path)[0]).pictures == 10
    assert unfinished(tmp_path) == [fresh]


def test_what_lies_in_the_spool_is_sent_to_a_store_elsewhere(tmp_path: Path, here: MediaStore, disk: Disk) -> None:
    media = MediaStore.open(f"memory://bucket-{uuid.uuid4().hex}/x")
    paths = fill(here, [2, 1])
    part = part_of(tmp_path / segment_path("cam", _NOW))
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"being written")
    a_keeper(here, disk, media=media).step()
    assert [media.read(path) for path in paths] == [b"footage"] * 2
    assert segments(tmp_path) == []
    assert unfinished(tmp_path) == [part]


def test_a_store_that_does_not_answer_costs_nothing_that_lies_here(here: MediaStore, disk: Disk) -> None:
    media = MediaStore.open(f"memory://bucket-{uuid.uuid4().hex}/x")
    old, young = fill(here, [30]), fill(here, [2, 1])
    broken = Broken(media)
    keeper = a_keeper(here, disk, media=broken)
    with pytest.raises(Transient):
        keeper.step()
    assert not here.exists(old[0])
    assert all(here.exists(path) for path in young)


class Broken(MediaStore):
    """An object store that can be listed and takes nothing."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store

    def names(self, folder: str) -> list[str]:
        return self._store.names(folder)

    def write(self, path: str, content: bytes) -> None:
        raise Transient("media cannot be written: no answer")
