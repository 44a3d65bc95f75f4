"""Live views: real clips through ingest, the eye and a gateway of two workers, as browsers fetch them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis import Redis

from services.eye.bootstrap import build as build_eye
from services.gateway.live.mjpeg import no_signal
from services.ingest.bootstrap import build as build_ingest
from shared.messages.commands import LIVE_LEASE_S
from shared.messages.topics import EYE_STATE, LIVE_DRAWN, LIVE_PICTURES
from shared.settings import Settings
from shared.settings.sections import EyeSettings, IngestSettings
from tests.integration.gateway.server import Server, StartServer
from tests.integration.gateway.watched import difference, picture_of
from tests.integration.ingest.clips import draw_clip, walker

Wait = Callable[..., Any]
COLOUR = np.array((32, 200, 64))
"""Of the boxes that the eye draws, as RGB."""


@dataclass
class Viewer:
    """A browser's `<img>`, read by hand."""

    sock: socket.socket
    _left: bytes = field(default=b"")

    def head(self) -> str:
        while b"\r\n\r\n" not in self._left:
            self._more()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        return head.decode("latin-1")

    def picture(self) -> bytes:
        """The next JPEG."""
        while True:
            head, found, rest = self._left.partition(b"\r\n\r\n")
            if found and b"Content-Length: " in head:
                size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                if len(rest) >= size + len(b"\r\n--frame\r\n"):
                    self._left = rest[size + len(b"\r\n--frame\r\n") :]
                    return rest[:size]
            self._more()

    def _more(self) -> None:
        piece = self.sock.recv(262_144)
        if not piece:
            raise EOFError
        self._left += piece


@contextmanager
def watching(server: Server, path: str, *, who: str = "alice") -> Iterator[Viewer]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {server.keys[who]}\r\n\r\n".encode())
        yield Viewer(sock)


@dataclass
class Site:
    server: Server
    settings: Settings
    redis: Any
    running: list[tuple[threading.Event, threading.Thread]] = field(default_factory=list)

    def run(self, build: Callable[[Settings], Any]) -> None:
        service, stop = build(self.settings), threading.Event()
        thread = threading.Thread(target=service.run, args=(stop,), daemon=True)
        thread.start()
        self.running.append((stop, thread))

    def add(self, slug: str, clip: Path, **more: Any) -> None:
        body = {"id": slug, "name": slug, "rtsp_url": clip.as_uri() + "?loop=1", **more}
        with self.server.client() as client:
            assert client.post("/cameras", json=body).status_code == 201

    def status(self, slug: str) -> str:
        with self.server.client() as client:
            return str(client.get(f"/cameras/{slug}").json()["status"])

    def listeners(self, channel: str, slug: str) -> int:
        """How many follow the camera's pictures."""
        return int(self.redis.pubsub_numsub(channel.format(slug=slug))[0][1])


@pytest.fixture
def site(start: StartServer, tmp_path: Path, redis: Redis, redis_url: str, api_settings: Settings) -> Iterator[Site]:
    server = start(ARGUS_INGEST__FILE_ROOTS=str(tmp_path))
    settings = api_settings.model_copy(
        update={
            "data_dir": tmp_path / "data",
            "database_url": None,
            "redis_url": redis_url,
            "ingest": IngestSettings(
                file_roots=(tmp_path,), sync_interval_s=0.5, backoff_base_s=0.2, backoff_cap_s=0.5
            ),
            "eye": EyeSettings(backend="hog"),
        }
    )
    made = Site(server, settings, redis)
    yield made
    for stop, _ in made.running:
        stop.set()
    for _, thread in made.running:
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    """Nothing moves in it, and its keyframes are a minute apart."""
    return draw_clip(tmp_path / "quiet.mp4", seconds=60, fps=15, gop=900)


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """Something always moves in it."""
    return draw_clip(tmp_path / "busy.mp4", seconds=4, fps=15, mover=walker(0, 4))


def test_a_quiet_camera_is_shown_at_once_and_only_while_somebody_watches(
    site: Site, quiet: Path, wait_until: Wait
) -> None:
    site.add("cam_001", quiet)
    site.run(build_ingest)
    wait_until(lambda: site.status("cam_001") in ("active", "online", "streaming"), 60, "the camera to stream")
    heard = site.redis.pubsub()
    heard.subscribe(LIVE_PICTURES.format(slug="cam_001"))
    assert _heard_within(heard, 1.0) == 0
    with watching(site.server, "/cameras/cam_001/live.mjpeg") as viewer:
        head = viewer.head()
        assert head.startswith("HTTP/1.1 200")
        assert "multipart/x-mixed-replace; boundary=frame" in head
        # At once on a machine that does nothing else; the next keyframe comes a minute after the last one.
        wait_until(lambda: viewer.picture() != no_signal(), 6, "a picture")
        shown = picture_of([viewer.picture() for _ in range(12)][-1])
    assert shown.shape == (240, 320, 3)
    wait_until(lambda: site.listeners(LIVE_PICTURES, "cam_001") == 1, 30, "the gateway to leave")
    wait_until(lambda: _heard_within(heard, 1.0) == 0, LIVE_LEASE_S + 30, "ingest to stop showing")
    heard.close()


def _heard_within(heard: Any, seconds: float) -> int:
    until, count = time.monotonic() + seconds, 0
    while (left := until - time.monotonic()) > 0:
        count += heard.get_message(ignore_subscribe_messages=True, timeout=left) is not None
    return count


def test_a_camera_that_is_away_shows_so_and_comes_back_by_itself(site: Site, busy: Path, wait_until: Wait) -> None:
    site.add("cam_001", busy)
    with watching(site.server, "/cameras/cam_001/live.mjpeg") as viewer:
        viewer.head()
        assert viewer.picture() == no_signal()
        site.run(build_ingest)
        wait_until(lambda: viewer.picture() != no_signal(), 30, "pictures")
        site.running[0][0].set()
        wait_until(lambda: viewer.picture() == no_signal(), 30, "the sign that there is none")
        site.running[0][1].join(15)
        site.run(build_ingest)
        wait_until(lambda: viewer.picture() != no_signal(), 30, "pictures again")


def test_fifty_viewers_cost_one_camera_and_the_slow_one_delays_nobody(site: Site, busy: Path, wait_until: Wait) -> None:
    site.add("cam_001", busy)
    site.run(build_ingest)
    wait_until(lambda: site.status("cam_001") in ("active", "online", "streaming"), 60, "the camera to stream")
    with ExitStack() as stack:
        first = stack.enter_context(watching(site.server, "/cameras/cam_001/live.mjpeg"))
        first.head()
        wait_until(lambda: first.picture() != no_signal(), 30, "pictures")
        slow = stack.enter_context(watching(site.server, "/cameras/cam_001/live.mjpeg"))
        viewers = [stack.enter_context(watching(site.server, "/cameras/cam_001/live.mjpeg")) for _ in range(48)]
        for viewer in viewers:
            viewer.head()
            pictures = [viewer.picture() for _ in range(3)]
            assert no_signal() not in pictures
        # One follower in each worker that has viewers, however many those are.
        assert 1 <= site.listeners(LIVE_PICTURES, "cam_001") <= 2
        newest = [viewer.picture() for viewer in viewers[:5]]
        assert len(newest) == 5
        # All this time it took nothing; it goes on with what is new.
        slow.head()
        assert slow.picture()
    wait_until(lambda: site.listeners(LIVE_PICTURES, "cam_001") == 0, 15, "everybody to be gone")


def test_what_the_eye_sees_is_drawn_onto_the_pictures(site: Site, busy: Path, redis: Redis, wait_until: Wait) -> None:
    zone = {"name": "Porch", "points": [[10, 10], [150, 10], [150, 200], [10, 200]]}
    site.add("cam_001", busy, resolution="320x240", zones=[zone])
    site.run(build_ingest)
    site.run(build_eye)
    wait_until(lambda: site.status("cam_001") in ("active", "online", "streaming"), 60, "the camera to stream")
    stop = threading.Event()

    def pretend() -> None:
        # HOG knows no drawn boxes: what it would have told of somebody.
        state = (
            '{"size": [320, 240], "tracks": [{"id": 7, "label": "person", "box": [200, 100, 280, 220], "score": 0.9}]}'
        )
        while not stop.wait(0.02):
            redis.set(EYE_STATE.format(slug="cam_001"), state)

    thread = threading.Thread(target=pretend)
    thread.start()
    try:
        with watching(site.server, "/cameras/cam_001/live.mjpeg?drawn=true") as viewer:
            viewer.head()
            wait_until(lambda: _has_box(viewer.picture()), 30, "a box at its place")
    finally:
        stop.set()
        thread.join()
    wait_until(lambda: site.listeners(LIVE_DRAWN, "cam_001") == 0, 15, "the gateway to leave")


def _has_box(jpeg: bytes) -> bool:
    if jpeg == no_signal():
        return False
    left_edge = picture_of(jpeg)[130:200, 199:202].reshape(-1, 3)
    return bool((np.abs(left_edge.astype(int) - COLOUR).sum(axis=1) < 90).mean() > 0.3)


def test_a_camera_that_is_removed_ends_its_views(site: Site, busy: Path) -> None:
    site.add("cam_001", busy)
    with watching(site.server, "/cameras/cam_001/live.mjpeg") as viewer:
        viewer.head()
        with site.server.client() as client:
            assert client.delete("/cameras/cam_001").status_code in (200, 204)
        with pytest.raises(EOFError):
            _all_pictures(viewer)


def _all_pictures(viewer: Viewer) -> None:
    for _ in range(60):
        viewer.picture()


@pytest.mark.parametrize("path", ["/cameras/cam_001/live.mjpeg", "/cameras/cam_404/live.mjpeg"])
def test_nobody_watches_what_is_not_theirs(site: Site, busy: Path, path: str) -> None:
    site.add("cam_001", busy)
    with watching(site.server, path, who="bob") as viewer:
        assert viewer.head().startswith("HTTP/1.1 404")


def test_two_pictures_of_a_busy_camera_differ(site: Site, busy: Path, wait_until: Wait) -> None:
    site.add("cam_001", busy)
    site.run(build_ingest)
    with watching(site.server, "/cameras/cam_001/live.mjpeg") as viewer:
        viewer.head()
        wait_until(lambda: viewer.picture() != no_signal(), 30, "pictures")
        first = picture_of(viewer.picture())
        assert max(difference(first, picture_of(viewer.picture())) for _ in range(10)) > 0.5
