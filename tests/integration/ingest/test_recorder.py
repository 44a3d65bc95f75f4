"""The recorder on real clips through the real file source: what it writes can be played, and nothing is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli.demo.encoder import encode
from services.cli.demo.scenes import scene
from services.cli.demo.stage import frames
from tests.integration.ingest.clips import draw_clip
from tests.integration.ingest.footage import (
    look_at,
    packets_of,
    record,
    recorder_in,
    segments,
    unfinished,
)

Wait = Callable[..., object]


def a_clip(path: Path, *, codec: str = "h264", seconds: int = 12, size: tuple[int, int] = (320, 240)) -> Path:
    """A drawn clip at 10 frames a second with a keyframe every two seconds."""
    drawn = scene("entrance", seconds=seconds, size=size, fps=10)
    encode((frame.image for frame in frames(drawn)), path, fps=10, size=size, codec=codec)  # type: ignore[arg-type]
    return path


def test_segments_cover_the_clip_without_loss_or_overlap(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "a.mp4")
    with recorder_in(tmp_path, segment_s=4) as recorder:
        footage = record(recorder, clip)
    seen = [look_at(path) for path in segments(tmp_path)]
    assert [one.name for one in seen] == ["000000.mp4", "000004.mp4", "000008.mp4"]
    assert [path.parent for path in segments(tmp_path)] == [tmp_path / "segments/cam/2026/01/01"] * 3
    assert sum(one.packets for one in seen) == packets_of(clip)
    for one in seen:
        assert one.keyframe_first
        assert one.pictures == one.packets == 40
        assert (one.begins_s, one.ends_s) == (0, pytest.approx(4.0, abs=0.01))
        assert (one.size, one.codec) == ((320, 240), "h264")
    assert unfinished(tmp_path) == []
    assert footage.complaint == ""


@pytest.mark.parametrize(
    ("ending", "codec", "suffix"),
    [
        (".mp4", "h265", ".mp4"),
        (".ts", "h264", ".mp4"),
        (".h264", "h264", ".mp4"),
        (".h265", "h265", ".mp4"),
        (".avi", "mjpeg", ".mp4"),
    ],
)
def test_every_codec_and_packing_of_cameras_is_kept(tmp_path: Path, ending: str, codec: str, suffix: str) -> None:
    clip = a_clip(tmp_path / f"a{ending}", codec=codec, seconds=6)
    with recorder_in(tmp_path, segment_s=2) as recorder:
        footage = record(recorder, clip)
    assert footage.complaint == ""
    seen = [look_at(path) for path in segments(tmp_path)]
    assert {path.suffix for path in segments(tmp_path)} == {suffix}
    assert len(seen) == 3
    assert sum(one.packets for one in seen) == packets_of(clip)
    assert all(one.keyframe_first and one.pictures == one.packets for one in seen)
    assert {one.size for one in seen} == {(320, 240)}


def test_a_codec_that_mp4_cannot_hold_goes_into_matroska(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "a.webm", seconds=4, codec="libvpx", options={"deadline": "realtime", "cpu-used": "8"})
    with recorder_in(tmp_path, segment_s=2) as recorder:
        record(recorder, clip)
    seen = [look_at(path) for path in segments(tmp_path)]
    assert [one.name for one in seen] == ["000000.mkv", "000002.mkv"]
    assert sum(one.pictures for one in seen) == 40


def test_reordered_pictures_keep_their_order(tmp_path: Path) -> None:
    options = {"preset": "ultrafast", "bf": "2", "b-adapt": "0", "threads": "1"}
    clip = draw_clip(tmp_path / "a.mp4", seconds=6, options=options)
    with recorder_in(tmp_path, segment_s=2) as recorder:
        record(recorder, clip)
    seen = [look_at(path) for path in segments(tmp_path)]
    assert [one.pictures for one in seen] == [20, 20, 20]


def test_pictures_of_another_size_begin_another_segment(tmp_path: Path) -> None:
    small = a_clip(tmp_path / "small.h264", seconds=2)
    large = a_clip(tmp_path / "large.h264", seconds=2, size=(640, 480))
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    with recorder_in(tmp_path, segment_s=60) as recorder:
        record(recorder, both)
    seen = [look_at(path) for path in segments(tmp_path)]
    assert [one.size for one in seen] == [(320, 240), (640, 480)]
    assert [one.pictures for one in seen] == [20, 20]


def test_a_new_session_within_the_same_second_overwrites_nothing(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "a.mp4", seconds=2)
    with recorder_in(tmp_path, segment_s=60) as recorder:
        for _ in range(3):
            record(recorder, clip)
    assert [path.name for path in segments(tmp_path)] == ["000000-1.mp4", "000000-2.mp4", "000000.mp4"]
    assert [look_at(path).pictures for path in segments(tmp_path)] == [20, 20, 20]


def test_cameras_are_recorded_side_by_side(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "a.mp4", seconds=4)
    with recorder_in(tmp_path, segment_s=60) as recorder:
        for camera in ("one", "two"):
            record(recorder, clip, camera=camera)
    assert [path.relative_to(tmp_path).parts[1] for path in segments(tmp_path)] == ["one", "two"]


def test_what_cannot_be_written_is_said_and_recorded_again_once_it_can(tmp_path: Path, wait_until: Wait) -> None:
    clip = a_clip(tmp_path / "a.mp4", seconds=4)
    (tmp_path / "segments").write_text("a file where the folder should be")
    with recorder_in(tmp_path, segment_s=2) as recorder:
        footage = record(recorder, clip)
        wait_until(lambda: footage.over, what="the recorder to be done with it")
        assert footage.complaint.startswith("not recorded: ")
        assert "\n" not in footage.complaint
        (tmp_path / "segments").unlink()
        assert record(recorder, clip).complaint == ""
    assert len(segments(tmp_path)) == 2


def test_while_there_is_no_room_nothing_is_written_and_after_that_it_goes_on(tmp_path: Path, wait_until: Wait) -> None:
    clip = a_clip(tmp_path / "a.mp4", seconds=4)
    full = ["not recorded: the disk is full"]
    with recorder_in(tmp_path, segment_s=2, shortage=lambda: full[0]) as recorder:
        footage = record(recorder, clip)
        # Not sooner: what still waited would be written once there is room.
        wait_until(lambda: footage.over, what="the recorder to be done with it")
        assert footage.complaint == full[0]
        assert segments(tmp_path) + unfinished(tmp_path) == []
        full[0] = ""
        record(recorder, clip)
    assert len(segments(tmp_path)) == 2


_RECORD_FOR_EVER = """
import sys
from pathlib import Path
from tests.integration.ingest.footage import record, recorder_in
with recorder_in(Path(sys.argv[1]), segment_s=600) as recorder:
    record(recorder, Path(sys.argv[2]), pace_s=0.05)
"""


def test_a_kill_in_mid_segment_leaves_a_file_that_can_be_played(tmp_path: Path, wait_until: Wait) -> None:
    clip = a_clip(tmp_path / "a.mp4", seconds=60, size=(160, 120))
    process = subprocess.Popen([sys.executable, "-c", _RECORD_FOR_EVER, str(tmp_path), str(clip)])
    try:
        # Two packets a tenth of a second: by then several fragments have been written.
        wait_until(lambda: any(part.stat().st_size for part in unfinished(tmp_path)), 30, "the first fragment")
        size = unfinished(tmp_path)[0].stat().st_size
        wait_until(lambda: unfinished(tmp_path)[0].stat().st_size > 2 * size, 20, "more fragments")
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    [part] = unfinished(tmp_path)
    seen = look_at(part)
    assert seen.keyframe_first
    assert seen.pictures == seen.packets >= 10
