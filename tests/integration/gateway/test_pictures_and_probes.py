"""What the API tells and shows of cameras that ingest really watches."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from shared.messages.camera_status import STATUS_FRESH_S, STATUS_TTL_S
from shared.messages.topics import CAMERA_SNAPSHOT, CAMERA_STATUS
from shared.settings import Settings
from shared.settings.sections import GatewaySettings, IngestSettings
from tests.conftest import SHARED
from tests.integration.gateway.watched import Watched, difference, picture_of, pictures_in, timed
from tests.integration.ingest.clips import draw_clip, walker
from tests.integration.ingest.rtsp_camera import RtspCamera
from tests.processes import Processes
from tests.unit.gateway.installation import Template, open_api

Wait = Callable[..., object]
VTEST = SHARED / "assets" / "video" / "vtest.avi"


@pytest.fixture
def watched(tmp_path: Path, api_settings: Settings, template: Template) -> Iterator[Watched]:
    settings = api_settings.model_copy(
        update={
            "gateway": GatewaySettings(threads=64),
            "ingest": IngestSettings(
                file_roots=(tmp_path, VTEST.parent),
                sync_interval_s=0.5,
                backoff_base_s=0.2,
                backoff_cap_s=0.5,
                connect_timeout_s=2,
                stall_timeout_s=2,
                active_hold_s=2,
            ),
        }
    )
    api = open_api(settings, template.keys)
    world = Watched(api, settings)
    yield world
    world.stop()
    api.opened.close()


@pytest.fixture
def dead_camera() -> Iterator[str]:
    """The address of a camera that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"rtsp://anna:topsecret@127.0.0.1:{listening.getsockname()[1]}/live"


@pytest.fixture
def busy_clip(tmp_path: Path) -> Path:
    """Something always moves in it."""
    return draw_clip(tmp_path / "busy.mp4", seconds=4, mover=walker(0, 4))


def streams(watched: Watched, slug: str, wait_until: Wait) -> None:
    wait_until(lambda: watched.status(slug) == "streaming", 60, f"{slug} to stream")


def test_every_field_of_a_camera_is_what_is_so(watched: Watched, busy_clip: Path, wait_until: Wait) -> None:
    watched.add("one", busy_clip.as_uri() + "?loop=1")
    assert watched.status("one") == "connecting"
    watched.start()
    streams(watched, "one", wait_until)
    wait_until(lambda: abs(watched.shown("one")["fps"] - 10) < 1, 30, "the measured rate")
    shown = watched.shown("one")
    assert shown["resolution"] == "320x240"
    assert "fault" not in shown
    first = shown["last_frame_timestamp"]
    assert abs((datetime.fromisoformat(first) - datetime.now(UTC)).total_seconds()) < 5
    wait_until(lambda: watched.shown("one")["last_frame_timestamp"] > first, 20, "a later picture")
    listed = watched.api.get("/cameras").json
    assert listed is not None
    assert listed["cameras"][0] == {k: v for k, v in watched.shown("one").items() if k != "last_frame_timestamp"} | {
        "fps": listed["cameras"][0]["fps"]
    }


def test_the_picture_is_the_scene_and_a_dead_camera_says_why_there_is_none(
    watched: Watched, busy_clip: Path, dead_camera: str, wait_until: Wait
) -> None:
    watched.add("live", busy_clip.as_uri() + "?loop=1")
    watched.add("dead", dead_camera)
    watched.start()
    streams(watched, "live", wait_until)
    whole = watched.snapshot("live")
    assert (whole.status_code, whole.content_type) == (200, "image/jpeg")
    closest = min(difference(picture_of(whole.data), each) for each in pictures_in(str(busy_clip)))
    assert closest < 3
    assert picture_of(watched.snapshot("live", width=161).data).shape == (120, 160, 3)
    assert picture_of(watched.snapshot("live", width=1920).data).shape == (240, 320, 3)
    age_s = (datetime.now(UTC) - datetime.fromisoformat(whole.headers["X-Captured-At"])).total_seconds()
    assert -1 < age_s < 10

    wait_until(lambda: watched.shown("dead").get("fault"), 30, "the fault")
    answer, took_s = timed(watched.snapshot, "dead")
    assert answer.status_code == 503
    assert "stalled – connected, but nothing came in time" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert took_s < 4  # nobody is asked: that is waited for five seconds
    assert (watched.status("dead"), watched.shown("dead")["fps"]) == ("offline", 0)
    assert "topsecret" not in answer.text


def test_a_still_scene_is_shown_as_of_its_newest_keyframe(watched: Watched, tmp_path: Path, wait_until: Wait) -> None:
    clip = draw_clip(tmp_path / "still.mp4", seconds=60, gop=20, noise=2)
    watched.add("still", clip.as_uri() + "?loop=1")
    watched.start()
    streams(watched, "still", wait_until)
    time.sleep(4)  # the scene has been still for longer than it is taken for active
    asked = datetime.now(UTC)
    first = watched.snapshot("still")
    # Keyframes come every two seconds.
    assert (asked - datetime.fromisoformat(first.headers["X-Captured-At"])).total_seconds() < 6
    assert difference(picture_of(first.data), pictures_in(str(clip), most=1)[0]) < 4
    wait_until(
        lambda: watched.snapshot("still").headers["X-Captured-At"] > first.headers["X-Captured-At"], 20, "a newer one"
    )


def test_many_who_ask_at_once_cost_about_one_picture(watched: Watched, busy_clip: Path, wait_until: Wait) -> None:
    watched.add("one", busy_clip.as_uri() + "?loop=1")
    watched.start()
    streams(watched, "one", wait_until)
    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: watched.snapshot("one"), range(60)))
    assert {answer.status_code for answer in answers} == {200}
    # A picture is kept for a second.
    assert len({answer.headers["X-Captured-At"] for answer in answers}) <= 4 + (time.monotonic() - began)


def test_nobody_asking_costs_nothing(watched: Watched, busy_clip: Path, redis: Redis, wait_until: Wait) -> None:
    watched.add("one", busy_clip.as_uri() + "?loop=1")
    watched.start()
    streams(watched, "one", wait_until)
    assert redis.keys("camera:*:snapshot:*") == []

    def kept_ms() -> int:
        assert watched.snapshot("one").status_code == 200
        return max(0, int(redis.pttl(CAMERA_SNAPSHOT.format(slug="one", width=0))))

    assert wait_until(kept_ms, what="a picture that is kept") <= 1000  # type: ignore[operator]
    assert redis.keys("reply:*") == []


def test_a_camera_that_is_disabled_lost_and_found_is_told_as_it_is(
    watched: Watched, tmp_path: Path, busy_clip: Path, wait_until: Wait
) -> None:
    watched.add("one", busy_clip.as_uri() + "?loop=1")
    watched.start()
    streams(watched, "one", wait_until)
    watched.api.put("/cameras/one", {"enabled": False})
    assert (watched.status("one"), watched.shown("one")["fps"]) == ("disabled", 0)
    assert watched.snapshot("one").status_code == 409
    watched.api.put("/cameras/one", {"enabled": True})
    # A camera that is just being connected is worth waiting for.
    wait_until(lambda: watched.snapshot("one").status_code == 200, 30, "the picture")
    streams(watched, "one", wait_until)
    watched.api.put("/cameras/one", {"rtsp_url": (tmp_path / "gone.mp4").as_uri()})
    wait_until(lambda: watched.status("one") == "error", 30, "the loss")
    assert (watched.shown("one")["fault"], watched.shown("one")["fps"]) == ("not_found", 0)
    wait_until(lambda: watched.snapshot("one").status_code == 503, 10, "the end of the kept picture")
    assert "not_found" in watched.snapshot("one").text


def test_ingest_killed_while_asked_is_a_503_in_time_and_its_cameras_stream_no_more(
    watched: Watched, busy_clip: Path, redis: Redis, wait_until: Wait, processes: Processes, tmp_path: Path
) -> None:
    watched.add("one", busy_clip.as_uri() + "?loop=1")
    env = {
        "ARGUS_DATA_DIR": str(watched.settings.data_dir),
        "ARGUS_DATABASE_URL": str(watched.settings.database_url),
        "ARGUS_REDIS_URL": str(watched.settings.redis_url),
        "ARGUS_INGEST__FILE_ROOTS": str(tmp_path),
    }
    child = processes.start([sys.executable, "-m", "services.ingest"], env=env)
    streams(watched, "one", wait_until)
    assert watched.snapshot("one").status_code == 200
    wait_until(lambda: not redis.keys("camera:*:snapshot:*"), 10, "the end of the kept picture")
    os.kill(child.pid, signal.SIGSTOP)  # asked, and dead before it could answer
    threading.Timer(1.0, lambda: os.kill(child.pid, signal.SIGKILL)).start()
    answer, took_s = timed(watched.snapshot, "one")
    assert answer.status_code == 503
    assert "'ingest' gave no answer within 5 s" in answer.text
    assert took_s < 10
    child.wait(10)
    assert watched.status("one") == "streaming"
    # As if nobody had renewed it for as long.
    redis.pexpire(CAMERA_STATUS.format(slug="one"), round((STATUS_TTL_S - STATUS_FRESH_S - 1) * 1000))
    shown = watched.shown("one")
    assert (shown["status"], shown["fps"], shown["resolution"]) == ("offline", 0, "320x240")
    assert "ingest does not run" in shown["detail"]


def test_a_statuss_age_stays_far_below_what_is_taken_for_dead(
    watched: Watched, tmp_path: Path, redis: Redis, wait_until: Wait
) -> None:
    watched.add("gone", (tmp_path / "gone.mp4").as_uri())
    watched.start()
    wait_until(lambda: watched.status("gone") == "error", 30, "the fault")
    key = CAMERA_STATUS.format(slug="gone")
    oldest_s = 0.0
    until = time.monotonic() + 7
    while time.monotonic() < until:
        oldest_s = max(oldest_s, STATUS_TTL_S - int(redis.pttl(key)) / 1000)
        time.sleep(0.1)
    assert oldest_s < STATUS_FRESH_S / 2


def test_probes_tell_what_is_there_and_one_that_hangs_holds_up_nobody(
    watched: Watched, busy_clip: Path, dead_camera: str
) -> None:
    watched.add("live", busy_clip.as_uri() + "?loop=1")
    watched.add("dead", dead_camera)
    watched.start()
    _answers_probes(watched, busy_clip)
    with ThreadPoolExecutor(8) as pool:
        hanging = [pool.submit(timed, watched.api.post, "/cameras/dead/probe") for _ in range(3)]
        time.sleep(0.5)
        answer, took_s = timed(watched.api.post, "/cameras/live/probe")
        found = answer.json
        assert found is not None
        assert found.pop("latency_ms") > 0
        assert found == {
            "id": "live",
            "rtsp_url": busy_clip.as_uri() + "?loop=1",
            "ok": True,
            "status": "ok",
            "reason": None,
            "codec": "h264",
            "resolution": "320x240",
            "fps": 10,
            "keyframe_interval_s": 2.0,
            "has_audio": False,
        }
        assert took_s < 5  # those that hang take six
        more = [pool.submit(watched.api.post, "/cameras/dead/probe") for _ in range(3)]
        refused = [each.result() for each in more]
        assert 503 in {each.status_code for each in refused}
        assert all("busy" in each.text for each in refused if each.status_code == 503)
        for each in hanging:
            told, took_s = each.result()
            assert told.json is not None
            assert (told.status_code, told.json["ok"], told.json["status"]) == (200, False, "stalled")
            assert took_s < 2 + 6 + 3
            assert "topsecret" not in told.text


def _answers_probes(watched: Watched, clip: Path) -> None:
    """Wait until ingest reads orders and owns its shards."""
    until = time.monotonic() + 60
    while watched.api.post("/cameras/probe", {"rtsp_url": clip.as_uri()}).status_code != 200:
        assert time.monotonic() < until


@pytest.fixture
def rtsp() -> Iterator[RtspCamera]:
    camera = RtspCamera(auth="digest", gop=10)
    yield camera
    camera.close()


def test_an_rtsp_camera_is_shown_and_probed_and_a_wrong_password_is_named(
    watched: Watched, rtsp: RtspCamera, wait_until: Wait, busy_clip: Path
) -> None:
    watched.add("right", rtsp.url())
    watched.add("wrong", rtsp.url(password="not it"))
    watched.start()
    streams(watched, "right", wait_until)
    wait_until(lambda: watched.status("wrong") == "error", 30, "the refusal")
    assert picture_of(watched.snapshot("right").data).std() > 5
    assert "auth_failed" in watched.snapshot("wrong").text
    right: Any = watched.api.post("/cameras/right/probe").json
    assert (right["ok"], right["codec"], right["has_audio"]) == (True, "h264", False)
    assert right["resolution"] == watched.shown("right")["resolution"]
    wrong: Any = watched.api.post("/cameras/wrong/probe")
    assert (wrong.json["ok"], wrong.json["status"]) == (False, "auth_failed")
    assert rtsp.secret not in wrong.text
    assert "not%20it" not in wrong.text


def test_a_real_clip_gives_a_picture_of_its_own_scene(watched: Watched, wait_until: Wait) -> None:
    if not VTEST.is_file():
        pytest.skip(f"{VTEST} is not there")
    watched.add("square", VTEST.as_uri() + "?loop=1")
    watched.start()
    streams(watched, "square", wait_until)
    taken = picture_of(watched.snapshot("square").data)
    assert taken.shape == (576, 768, 3)
    assert min(difference(taken, each) for each in pictures_in(str(VTEST))) < 4
