"""Cameras over HTTP: MJPEG, HLS and MP4, credentials, and servers that misbehave."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.domain.camera import CameraState
from tests.integration.ingest.clips import draw_clip, walker
from tests.integration.ingest.http_camera import HttpCamera
from tests.integration.ingest.site import Site

Wait = Callable[..., object]


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[HttpCamera]:
    folder = tmp_path / "www"
    folder.mkdir()
    made = HttpCamera(folder)
    yield made
    made.close()


def test_mjpeg_is_sampled_by_time(site: Site, camera: HttpCamera, wait_until: Wait) -> None:
    site.add("cam", camera.url("/mjpeg"))
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 15, 30, "frames")
    frames = site.frames("cam")
    span_s = (frames[-1].captured_at - frames[0].captured_at).total_seconds()
    assert 4 < (len(frames) - 1) / span_s < 6
    status = site.status("cam")
    assert status is not None
    assert (status.state, status.codec) == (CameraState.STREAMING, "mjpeg")


def test_hls_is_played_at_its_own_rate(site: Site, camera: HttpCamera, tmp_path: Path, wait_until: Wait) -> None:
    draw_clip(
        tmp_path / "www" / "live.m3u8",
        seconds=8,
        gop=10,
        mover=walker(0, 8),
        format_name="hls",
    )
    playlist = tmp_path / "www" / "live.m3u8"
    assert playlist.is_file()
    # Without its end mark the play-list is that of a live stream.
    playlist.write_text(playlist.read_text().replace("#EXT-X-ENDLIST\n", ""))
    site.add("cam", camera.url("/live.m3u8"))
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 15, 30, "frames")
    frames = site.frames("cam")
    newest = frames[-1].captured_at.timestamp()
    assert abs(newest - time.time()) < 4
    assert [frame.captured_at for frame in frames] == sorted(frame.captured_at for frame in frames)


def test_an_mp4_is_paced_and_then_has_ended(site: Site, camera: HttpCamera, tmp_path: Path, wait_until: Wait) -> None:
    draw_clip(tmp_path / "www" / "a.mp4", seconds=2, mover=walker(0, 2))
    site.add("cam", camera.url("/a.mp4"))
    began = time.monotonic()
    site.start()
    wait_until(lambda: site.fault("cam") == "ended", 30, "the end")
    assert time.monotonic() - began > 1.8
    wait_until(lambda: len(site.frames("cam")) >= 8, what="the last frames, which leave after the status")


def test_basic_credentials_in_the_address_are_used(site: Site, camera: HttpCamera, wait_until: Wait) -> None:
    site.add("cam", camera.url("/private", login="anna:p%40ss@"))
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 2, 30, "frames")


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/private", "auth_failed"),
        ("/nothing.mp4", "not_found"),
        ("/broken", "network"),
        ("/page.html", "unsupported_codec"),
        ("/silent", "stalled"),
    ],
)
def test_what_a_server_does_wrong_is_classified(
    site: Site, camera: HttpCamera, tmp_path: Path, wait_until: Wait, path: str, fault: str
) -> None:
    (tmp_path / "www" / "page.html").write_text("<html><body>Welcome to your camera</body></html>" * 50)
    site.add("cam", camera.url(path, login="anna:wrong-secret@"))
    site.start()
    assert wait_until(lambda: site.fault("cam"), 30, "a fault") == fault
    assert b"wrong-secret" not in b"".join(site.raw_status("cam").values())


def test_a_stream_that_the_server_closes_is_opened_again(site: Site, camera: HttpCamera, wait_until: Wait) -> None:
    site.add("cam", camera.url("/closing"))
    site.start()
    wait_until(lambda: len({frame.session for frame in site.frames("cam")}) >= 2, 30, "a second session")


def test_plain_text_on_an_encrypted_port_is_a_tls_fault(site: Site, camera: HttpCamera, wait_until: Wait) -> None:
    site.add("cam", camera.url("/mjpeg").replace("http://", "https://"))
    site.start()
    assert wait_until(lambda: site.fault("cam"), 30, "a fault") == "tls"


def test_an_unknown_host_and_a_closed_port_are_network_faults(site: Site, wait_until: Wait) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        # Bound, so that nobody else takes it, and closed all the same, for nobody listens.
        site.add("closed", f"rtsp://127.0.0.1:{unused.getsockname()[1]}/live")
        site.add("unknown", "rtsp://camera.invalid/live")
        site.start()
        wait_until(lambda: site.fault("closed") == "network" and site.fault("unknown") == "network", 30, "both faults")
