"""Real RTSP cameras: codecs, transports, credentials, and what befalls a camera."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.domain.camera import CameraFault, CameraState
from shared.messages.health import CameraCameUp, CameraWentDown, GapRecorded
from tests.conftest import SHARED
from tests.integration.ingest.conftest import site as site
from tests.integration.ingest.rtsp_camera import RtspCamera
from tests.integration.ingest.site import Site

Wait = Callable[..., object]
MakeCamera = Callable[..., RtspCamera]

CLIP = SHARED / "assets" / "video" / "intel_one-by-one-person-detection.mp4"


@pytest.fixture
def camera() -> Iterator[MakeCamera]:
    """Makes RTSP cameras and ends them."""
    made: list[RtspCamera] = []

    def make(**options: str | int) -> RtspCamera:
        made.append(RtspCamera(**options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("codec", "transport", "auth"),
    [("h264", "tcp", "digest"), ("h264", "udp", "basic"), ("h265", "tcp", "basic"), ("h265", "udp", "digest")],
)
def test_a_camera_is_watched_over_each_codec_transport_and_kind_of_login(
    site: Site, camera: MakeCamera, wait_until: Wait, codec: str, transport: str, auth: str
) -> None:
    rtsp = camera(codec=codec, transport=transport, auth=auth)
    site.add("cam", rtsp.url())
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 8, 30, "frames")
    frame = site.frames("cam")[-1]
    assert (frame.width, frame.height) == (320, 240)
    picture = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (240, 320, 3)
    assert abs(frame.captured_at.timestamp() - time.time()) < 3
    wait_until(lambda: (found := site.status("cam")) and 8 < found.fps < 12, 30, "the measured rate")
    status = site.status("cam")
    assert status is not None
    assert status.state is CameraState.STREAMING
    assert status.codec == {"h264": "h264", "h265": "hevc"}[codec]
    assert rtsp.secret.encode() not in b"".join(site.raw_status("cam").values())


def test_a_real_recording_is_seen_through_a_real_camera(site: Site, camera: MakeCamera, wait_until: Wait) -> None:
    if not CLIP.is_file():
        pytest.skip(f"{CLIP.name} is not here: it lies in ../shared/assets/video")
    site.add("cam", camera(clip=str(CLIP), size="768x432", fps=12).url())
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 10, 30, "frames")
    assert (site.frames("cam")[0].width, site.frames("cam")[0].height) == (768, 432)


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_a_wrong_password_is_told_as_such_without_repeating_it(
    site: Site, camera: MakeCamera, wait_until: Wait, auth: str, capfd: pytest.CaptureFixture[str]
) -> None:
    site.add("cam", camera(auth=auth).url(password="guessed-wrong"))
    site.start()
    assert wait_until(lambda: site.fault("cam"), 30, "a fault") == "auth_failed"
    wait_until(lambda: site.facts(CameraWentDown), 30, "the camera told as down")
    told = site.facts(CameraWentDown)[0]
    assert told.fault is CameraFault.AUTH_FAILED
    printed = "".join(capfd.readouterr())
    for place in (told.model_dump_json(), printed, str(site.raw_status("cam"))):
        assert "guessed-wrong" not in place


def test_a_stream_that_does_not_exist_is_not_found(site: Site, camera: MakeCamera, wait_until: Wait) -> None:
    site.add("cam", camera().url(path="/other"))
    site.start()
    assert wait_until(lambda: site.fault("cam"), 30, "a fault") == "not_found"


def test_a_dropped_connection_is_made_again_as_a_new_session_and_the_gap_is_told(
    site: Site, camera: MakeCamera, wait_until: Wait
) -> None:
    rtsp = camera()
    site.add("cam", rtsp.url())
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 3, 30, "frames")
    rtsp.obey("drop")
    wait_until(lambda: len({frame.session for frame in site.frames("cam")}) == 2, 30, "a second session")
    wait_until(lambda: site.facts(GapRecorded), 30, "the gap")
    gap = site.facts(GapRecorded)[0]
    assert 0 < (gap.ended_at - gap.started_at).total_seconds() < 10


def test_a_frozen_camera_is_stalled_then_down_and_comes_up_again(
    site: Site, camera: MakeCamera, wait_until: Wait
) -> None:
    rtsp = camera()
    site.add("cam", rtsp.url())
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 3, 30, "frames")
    rtsp.obey("freeze")
    frozen = time.monotonic()
    wait_until(lambda: site.fault("cam") == "stalled", 30, "the stall")
    assert time.monotonic() - frozen < 10
    wait_until(lambda: site.facts(CameraWentDown), 30, "the camera told as down")
    rtsp.obey("thaw")
    wait_until(lambda: site.facts(CameraCameUp), 30, "the camera told as up")
    assert site.facts(CameraCameUp)[0].since == site.facts(CameraWentDown)[0].since
    assert len(site.facts(CameraWentDown)) == 1


def test_a_stream_that_switches_its_resolution_goes_on(site: Site, camera: MakeCamera, wait_until: Wait) -> None:
    rtsp = camera(size="640x360")
    site.add("cam", rtsp.url())
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 3, 30, "frames")
    rtsp.obey("size 960x540")
    wait_until(lambda: any(frame.width == 960 for frame in site.frames("cam")), 30, "frames of the new size")
    wait_until(lambda: (found := site.status("cam")) and found.width == 960, 30, "the new size in the status")
    assert {(frame.width, frame.height) for frame in site.frames("cam")} == {(640, 360), (960, 540)}


def test_a_camera_that_is_switched_off_and_on_again_is_found_again(
    site: Site, camera: MakeCamera, wait_until: Wait, tmp_path: Path
) -> None:
    rtsp = camera()
    site.add("cam", rtsp.url())
    site.start()
    wait_until(lambda: len(site.frames("cam")) >= 3, 30, "frames")
    rtsp.close()
    wait_until(lambda: site.fault("cam") == "network", 30, "the fault")
    camera(port=rtsp.port)
    before = len(site.frames("cam"))
    wait_until(lambda: len(site.frames("cam")) > before, 30, "frames again")
