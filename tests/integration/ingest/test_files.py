"""Files as cameras: paced, looped, ended, refused."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.domain.camera import CameraState
from shared.messages.frames import FrameCaptured
from shared.messages.health import CameraWentDown
from tests.integration.ingest.clips import draw_clip, walker
from tests.integration.ingest.site import Site

Wait = Callable[..., object]


def span_s(frames: Sequence[FrameCaptured]) -> float:
    """From the first to the last of them."""
    return (frames[-1].captured_at - frames[0].captured_at).total_seconds() if frames else 0.0


def test_a_file_is_published_as_jpegs_and_then_has_ended(site: Site, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=6, mover=walker(1, 5))
    site.add("cam", f"{clip.as_uri()}?speed=max")
    site.start()
    wait_until(lambda: site.fault("cam") == "ended", 30, "the end of the file")
    wait_until(lambda: span_s(site.frames("cam")) > 4.9, what="the last frames, which leave after the status")
    frames = site.frames("cam")
    assert len(frames) >= 20
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    assert len({frame.session for frame in frames}) == 1
    times = [frame.captured_at for frame in frames]
    assert times == sorted(times)
    assert span_s(frames) == pytest.approx(5.6, abs=0.7)
    picture = cv2.imdecode(np.frombuffer(frames[0].jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (240, 320, 3)
    status = site.status("cam")
    assert status is not None
    assert (status.state, status.codec, status.width, status.height) == (CameraState.OFFLINE, "h264", 320, 240)


def test_a_file_that_ended_is_not_reported_down(site: Site, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=1)
    site.add("cam", f"{clip.as_uri()}?speed=max")
    site.start()
    wait_until(lambda: site.fault("cam") == "ended", 30, "the end of the file")
    time.sleep(1.5)  # longer than down_after_s
    assert site.facts(CameraWentDown) == []


def test_a_file_is_paced_at_its_own_rate_and_loops_without_a_jump(site: Site, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=1, mover=walker(0, 1))
    site.add("cam", f"{clip.as_uri()}?loop=1")
    began = time.monotonic()
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 15, 30, "fifteen frames")
    took_s = time.monotonic() - began
    frames = site.frames("cam")
    gaps = [(later.captured_at - earlier.captured_at).total_seconds() for earlier, later in pairwise(frames)]
    assert max(gaps) < 0.45
    assert min(gaps) > 0.05
    assert took_s > 2.0
    assert len({frame.session for frame in frames}) == 1


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda path: path.write_text("This is no video.\n" * 100), "unsupported_codec"),
        (lambda path: path.write_bytes(b""), "unsupported_codec"),
        (lambda path: path.write_bytes(os.urandom(20_000)), "unsupported_codec"),
        (lambda path: path.mkdir(), "not_found"),
        (lambda path: None, "not_found"),
        (lambda path: draw_clip(path, seconds=1, size=(8, 8), codec="mjpeg", format_name="avi"), "unsupported_codec"),
        (lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"), "unsupported_codec"),
        (lambda path: path.write_text("ffconcat version 1.0\nfile /etc/passwd\n"), "unsupported_codec"),
    ],
    ids=["text", "empty", "noise", "folder", "missing", "8x8", "play-list", "concat"],
)
def test_what_is_not_usable_video_is_classified_and_told_in_one_line(
    site: Site, tmp_path: Path, wait_until: Wait, make: Callable[[Path], object], fault: str
) -> None:
    path = tmp_path / "clip.mp4"
    make(path)
    site.add("cam", path.as_uri())
    site.start()
    assert wait_until(lambda: site.fault("cam"), 30, "a fault") == fault
    status = site.status("cam")
    assert status is not None
    assert status.state is CameraState.ERROR
    assert status.detail
    assert "\n" not in status.detail


def test_a_file_outside_the_permitted_folders_is_refused(site: Site, wait_until: Wait) -> None:
    site.add("cam", "file:///etc/passwd")
    site.start()
    assert wait_until(lambda: site.fault("cam"), 30, "a fault") == "invalid_url"


def test_a_truncated_file_gives_the_pictures_it_has(site: Site, tmp_path: Path, wait_until: Wait) -> None:
    whole = draw_clip(tmp_path / "whole.h264", seconds=5, mover=walker(0, 5), format_name="h264")
    cut = tmp_path / "cut.h264"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    site.add("cam", f"{cut.as_uri()}?speed=max")
    site.start()
    wait_until(lambda: site.fault("cam") == "ended", 30, "the end of the file")
    wait_until(lambda: len(site.frames("cam")) >= 5, what="the last frames, which leave after the status")


def test_an_8k_picture_is_scaled_down(site: Site, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "8k.avi", seconds=0.4, fps=5, size=(7680, 4320), codec="mjpeg")
    site.add("cam", f"{clip.as_uri()}?speed=max")
    site.start()
    wait_until(lambda: site.frames("cam"), 60, "a frame")
    frame = site.frames("cam")[0]
    assert (frame.width, frame.height, frame.source_width, frame.source_height) == (1920, 1080, 7680, 4320)


def test_somebody_who_crosses_between_two_keyframes_is_seen(site: Site, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=24, gop=240, mover=walker(12, 14))
    site.add("cam", f"{clip.as_uri()}?speed=max")
    site.start()
    wait_until(lambda: site.fault("cam") == "ended", 60, "the end of the file")

    def seconds_shown() -> list[float]:
        frames = site.frames("cam")
        return [(frame.captured_at - frames[0].captured_at).total_seconds() for frame in frames]

    wait_until(lambda: sum(12 <= second <= 14 for second in seconds_shown()) >= 9, what="the one who crosses")
    seconds = seconds_shown()
    assert any(11 <= second < 12 for second in seconds), "the time before the motion is seen too"
    assert not any(5 < second < 9.5 for second in seconds), "while nothing moved nothing was sent"
