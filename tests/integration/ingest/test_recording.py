"""Recording as part of the service: frames and footage side by side, a full disk, a store elsewhere, a clean end."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from services.ingest.footage import oldest_first
from shared.domain.camera import CameraState
from shared.media import MediaStore
from shared.settings import Settings
from shared.settings.sections import IngestSettings
from tests.integration.ingest.clips import draw_clip, walker
from tests.integration.ingest.footage import look_at, packets_of, playable_pictures, segments, unfinished
from tests.integration.ingest.site import Site

Wait = Callable[..., object]
MakeSite = Callable[..., Site]


@pytest.fixture
def a_site(tmp_path: Path, redis_url: str, redis: Redis) -> Iterator[MakeSite]:
    """Installations that record."""
    made: list[Site] = []

    def make(*, media_url: str | None = None, **ingest: Any) -> Site:
        usual: dict[str, Any] = {"record": True, "segment_s": 2, "min_free_mib": 1, "active_hold_s": 2}
        settings = Settings(
            data_dir=tmp_path / "data",
            redis_url=redis_url,
            media_url=media_url,
            ingest=IngestSettings(file_roots=(tmp_path,), sync_interval_s=0.5, **(usual | ingest)),
        )
        made.append(Site(settings, redis))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def detail(site: Site, slug: str) -> str:
    status = site.status(slug)
    return status.detail if status else ""


def test_the_whole_of_a_file_is_recorded_beside_its_frames(a_site: MakeSite, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=7, mover=walker(1, 6))
    site = a_site()
    site.add("cam", f"{clip.as_uri()}?speed=max")
    site.start()
    wait_until(lambda: site.fault("cam") == "ended", 30, "the end of the file")
    media = tmp_path / "data" / "media"
    wait_until(lambda: sum(look_at(path).packets for path in segments(media)) == packets_of(clip), 30, "all segments")
    assert len(segments(media)) == 4
    wait_until(lambda: len(site.frames("cam")) >= 20, what="the last frames, which leave after the status")


def test_nothing_is_recorded_unless_it_is_wanted(a_site: MakeSite, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=3)
    site = a_site(record=False)
    site.add("cam", f"{clip.as_uri()}?speed=max")
    site.start()
    wait_until(lambda: site.fault("cam") == "ended", 30, "the end of the file")
    assert not (tmp_path / "data" / "media" / "segments").exists()


def test_a_stop_finishes_the_open_segment(a_site: MakeSite, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=2, mover=walker(0, 2))
    site = a_site(segment_s=300)
    site.add("cam", f"{clip.as_uri()}?loop=1")
    site.start()
    media = tmp_path / "data" / "media"
    wait_until(lambda: any(part.stat().st_size for part in unfinished(media)), 30, "an open segment")
    assert site.stop() < 3
    assert unfinished(media) == []
    [segment] = segments(media)
    assert look_at(segment).pictures >= 5


def test_when_the_disk_is_full_frames_go_on_and_when_there_is_room_recording_does(
    a_site: MakeSite, small_disk: Path, tmp_path: Path, wait_until: Wait
) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=2, mover=walker(0, 2))
    filler = small_disk / "filler"
    filler.write_bytes(bytes(7_900_000))
    site = a_site(media_url=(small_disk / "media").as_uri())
    site.add("cam", f"{clip.as_uri()}?loop=1")
    site.start()
    wait_until(lambda: detail(site, "cam").startswith("not recorded: the disk is full"), 30, "the complaint")
    before = len(site.frames("cam"))
    wait_until(lambda: len(site.frames("cam")) >= before + 5, 30, "frames all the same")
    status = site.status("cam")
    assert status is not None
    assert (status.state, status.fault) == (CameraState.STREAMING, None)
    assert segments(small_disk / "media") == []
    filler.unlink()
    wait_until(lambda: segments(small_disk / "media"), 30, "footage")
    wait_until(lambda: detail(site, "cam") == "", 30, "the end of the complaint")


def test_a_disk_that_fills_up_in_mid_segment_costs_footage_only(
    a_site: MakeSite, small_disk: Path, tmp_path: Path, wait_until: Wait
) -> None:
    # Noise fills the disk within seconds, and hides whoever is small; frames go on while something is seen to move.
    noisy = {"preset": "ultrafast", "crf": "1", "threads": "1"}
    large = walker(0, 2, width=640, size=(160, 300))
    clip = draw_clip(tmp_path / "a.mp4", seconds=2, size=(640, 480), noise=40, mover=large, options=noisy)
    site = a_site(media_url=(small_disk / "media").as_uri(), segment_s=300, min_free_mib=0, active_hold_s=60)
    site.add("cam", f"{clip.as_uri()}?loop=1")
    site.start()
    wait_until(lambda: detail(site, "cam").startswith("not recorded: "), 60, "the complaint")
    before = len(site.frames("cam"))
    wait_until(lambda: len(site.frames("cam")) >= before + 5, 30, "frames all the same")
    site.stop()
    [first, *_] = segments(small_disk / "media")
    assert playable_pictures(first) >= 5


def test_a_store_elsewhere_gets_segments_when_they_are_finished(
    a_site: MakeSite, tmp_path: Path, wait_until: Wait
) -> None:
    url = f"memory://bucket-{uuid.uuid4().hex}/x"
    clip = draw_clip(tmp_path / "a.mp4", seconds=6)
    site = a_site(media_url=url)
    site.add("cam", f"{clip.as_uri()}?speed=max")
    site.start()
    media = MediaStore.open(url)
    wait_until(lambda: len(list(oldest_first(media.names))) == 3, 30, "three segments")
    wait_until(lambda: segments(tmp_path / "data" / "spool") == [], 30, "an empty spool")
    out = tmp_path / "out.mp4"
    pictures = 0
    for path in oldest_first(media.names):
        out.write_bytes(media.read(path))
        pictures += look_at(out).pictures
    assert pictures == 60
