"""The service as a whole: cameras come and go, Redis goes away, replicas share, the process ends."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from shared.domain.camera import CameraState
from shared.messages.health import CameraWentDown
from shared.messages.topics import CAMERA_STATUS
from shared.settings import Settings
from shared.settings.sections import IngestSettings
from tests.integration.ingest.clips import draw_clip, walker
from tests.integration.ingest.site import Site
from tests.processes import Processes

Wait = Callable[..., object]


@pytest.fixture
def clip(tmp_path: Path) -> str:
    """The address of a looped clip in which something always moves."""
    return draw_clip(tmp_path / "a.mp4", seconds=2, mover=walker(0, 2)).as_uri() + "?loop=1"


@pytest.fixture
def dead_camera() -> Iterator[str]:
    """The address of a camera that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"rtsp://anna:topsecret@127.0.0.1:{listening.getsockname()[1]}/live"


def test_cameras_come_change_and_go_without_a_restart(site: Site, clip: str, tmp_path: Path, wait_until: Wait) -> None:
    service = site.start()
    site.add("one", clip)
    wait_until(lambda: site.frames("one"), 30, "frames of the new camera")
    assert "two" not in service.supervisor.running
    other = draw_clip(tmp_path / "b.mp4", seconds=2, size=(192, 160), mover=walker(0, 2, width=192))
    site.change("one", url=other.as_uri() + "?loop=1")
    wait_until(lambda: site.frames("one")[-1].width == 192, 30, "frames of the changed camera")
    site.remove("one")
    wait_until(lambda: not site.raw_status("one"), 30, "the end of the status")
    assert service.supervisor.running == frozenset()

    def is_silent() -> bool:
        count = len(site.frames("one"))
        time.sleep(0.6)  # in which it would say three more
        return len(site.frames("one")) == count

    # One that was on its way when the camera went may leave after its status.
    wait_until(is_silent, what="the end of the frames")


def test_a_disabled_camera_does_not_run(site: Site, clip: str, wait_until: Wait) -> None:
    site.add("off", clip, enabled=False)
    site.add("on", clip)
    service = site.start()
    wait_until(lambda: site.frames("on"), 30, "frames")
    assert service.supervisor.running == {"on"}


def test_a_change_that_was_not_told_is_found_by_the_next_sync(site: Site, clip: str, wait_until: Wait) -> None:
    site.add("one", clip)
    site.redis.flushall()  # the order is lost
    site.start()
    wait_until(lambda: site.frames("one"), 30, "frames")


def test_a_dead_camera_holds_up_neither_others_nor_the_stop(
    site: Site, clip: str, dead_camera: str, wait_until: Wait
) -> None:
    for number in range(4):
        site.add(f"dead{number}", dead_camera)
    site.add("live", clip)
    site.start()
    wait_until(lambda: len(site.frames("live")) >= 10, 30, "frames of the one that works")
    assert site.stop() < 3.0


def test_replicas_share_the_cameras_and_the_one_left_takes_all(site: Site, clip: str, wait_until: Wait) -> None:
    slugs = [f"cam_{number}" for number in range(6)]
    for slug in slugs:
        site.add(slug, clip)
    first = site.start(instance="ingest-a")
    second = site.start(instance="ingest-b")

    def shared_out() -> bool:
        a, b = first.supervisor.running, second.supervisor.running
        return bool(a and b) and not a & b and len(a | b) == len(slugs)

    wait_until(shared_out, 30, "the cameras shared out")
    first.ownership.stop()
    wait_until(lambda: len(second.supervisor.running) == len(slugs), 30, "all cameras with the other")


def test_a_lost_redis_drops_frames_and_keeps_facts(
    tmp_path: Path, clip: str, dead_camera: str, wait_until: Wait
) -> None:
    prepared = prepare_redis(tmp_path / "redis", durable=False)
    server = start_redis(prepared)
    settings = Settings(
        data_dir=tmp_path / "data",
        redis_url=prepared.url,
        ingest=IngestSettings(file_roots=(tmp_path,), sync_interval_s=0.5, down_after_s=1, stall_timeout_s=2),
    )
    redis = Redis.from_url(prepared.url)
    site = Site(settings, redis)
    try:
        site.add("live", clip)
        service = site.start()
        wait_until(lambda: len(site.frames("live")) >= 3, 30, "frames")
        site.add("dead", dead_camera)
        wait_until(lambda: "dead" in service.supervisor.running, what="the dead camera to be tried")
        stop_redis(server)  # long before the dead camera is given up
        gone_at = time.time()
        time.sleep(4)  # it is known to be down meanwhile
        server = start_redis(prepared)
        wait_until(lambda: len(site.frames("live")) >= 3, 30, "frames again")
        assert site.frames("live")[0].captured_at.timestamp() > gone_at + 1
        wait_until(lambda: site.facts(CameraWentDown), 30, "the fact of the time without Redis")
        assert site.facts(CameraWentDown)[0].camera == "dead"
        wait_until(lambda: (found := site.status("live")) and found.state is CameraState.STREAMING, 30, "the status")
    finally:
        site.close()
        redis.close()
        stop_redis(server)


def test_the_process_ends_cleanly_and_soon_and_says_no_secret(
    site: Site, clip: str, dead_camera: str, wait_until: Wait, processes: Processes, tmp_path: Path
) -> None:
    site.add("dead", dead_camera)
    site.add("live", clip)
    output = tmp_path / "out.log"
    env = {
        "ARGUS_DATA_DIR": str(site.settings.data_dir),
        "ARGUS_REDIS_URL": str(site.settings.redis_url),
        "ARGUS_INGEST__FILE_ROOTS": str(tmp_path),
        "ARGUS_INGEST__STALL_TIMEOUT_S": "4",
    }
    child = processes.start([sys.executable, "-m", "services.ingest"], env=env, output=output)
    wait_until(lambda: site.frames("live"), 60, "frames")
    wait_until(lambda: site.fault("dead") == "stalled", 30, "the fault of the dead camera")
    os.kill(child.pid, signal.SIGTERM)
    began = time.monotonic()
    assert child.wait(timeout=30) == 0
    assert time.monotonic() - began < 10  # two on a machine that does nothing else
    said = output.read_text()
    assert "topsecret" not in said
    assert "Traceback" not in said
    assert site.redis.exists(CAMERA_STATUS.format(slug="live"))


@pytest.mark.parametrize("variable", ["ARGUS_INGEST__ACTIVE_FPS", "ARGUS_INGEST__ACTIV_FPS"])
def test_a_wrong_setting_is_one_line_and_no_traceback(processes: Processes, tmp_path: Path, variable: str) -> None:
    output = tmp_path / "out.log"
    env = {variable: "plenty", "ARGUS_REDIS_URL": "redis://127.0.0.1:1", "ARGUS_DATA_DIR": str(tmp_path / "data")}
    child = processes.start([sys.executable, "-m", "services.ingest"], env=env, output=output)
    assert child.wait(timeout=60) == 2
    assert len(output.read_text().strip().splitlines()) == 1
    assert variable.lower().rpartition("__")[2] in output.read_text().lower()
