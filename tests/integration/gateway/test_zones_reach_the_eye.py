"""Zones saved through VisionFlow count in a running eye at once, and recognition can be switched off."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import httpx
import pytest
from redis import Redis

from services.cli.demo.scenes import scene
from services.cli.demo.stage import frames as draw
from services.eye.bootstrap import build
from shared.domain.camera import CameraState, CameraStatus
from shared.domain.ids import shard_of
from shared.messages.camera_status import status_fields
from shared.messages.frames import FrameCaptured
from shared.messages.message import decode
from shared.messages.presences import PresenceBody
from shared.messages.topics import CAMERA_STATUS, FRAMES, PRESENCES
from shared.settings import Settings
from shared.streams import Publisher
from tests.conftest import wait_until
from tests.integration.gateway.server import Server, StartServer
from tests.unit.gateway.installation import PASSWORD, RTSP

SIZE = (960, 540)
WITHIN_S = 20.0
"""Two on a machine that does nothing else; much less than until the eye looks unasked."""

FPS = 5
CAMERA = "cam_001"
EVERYWHERE = [[0, 0], [960, 0], [960, 540], [0, 540]]


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    """Somebody stands at a door."""
    drawn = list(draw(scene("entrance", seconds=12, size=SIZE, fps=2)))
    return bytes(cv2.imencode(".jpg", drawn[len(drawn) // 2].image)[1].tobytes())


@dataclass
class Eye:
    """An eye at work, and a camera whose picture stands still."""

    redis: Redis
    settings: Settings
    jpeg: bytes
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def shard(self) -> int:
        return shard_of(CAMERA, self.settings.shards)

    def start(self) -> list[threading.Thread]:
        service = build(self.settings)
        streaming = CameraStatus(CameraState.STREAMING, datetime.now(UTC), width=SIZE[0], height=SIZE[1])
        self.redis.hset(CAMERA_STATUS.format(slug=CAMERA), mapping=status_fields(streaming))  # type: ignore[arg-type]
        threads = [threading.Thread(target=service.run, args=(self.stop,)), threading.Thread(target=self._film)]
        for thread in threads:
            thread.start()
        return threads

    def _film(self) -> None:
        publisher, seq = Publisher(self.redis), 0
        width, height = SIZE
        while not self.stop.wait(1 / FPS):
            frame = FrameCaptured(
                camera=CAMERA, session="s", seq=seq, captured_at=datetime.now(UTC), width=width, height=height,
                source_width=width, source_height=height, jpeg=self.jpeg,
            )  # fmt: skip
            publisher.publish(FRAMES, frame, shard=self.shard)
            seq += 1

    def told(self) -> list[PresenceBody]:
        stream: Any = self.redis.xrange(PRESENCES.stream(self.shard))
        messages = [decode(fields) for _, fields in stream]
        return [message for message in messages if isinstance(message, PresenceBody)]

    def zones(self) -> set[str]:
        """Those in which somebody was last said to stand."""
        told = self.told()
        return {stay.zone for stay in told[-1].zones if stay.inside} if told else set()

    def last(self) -> str:
        told = self.told()
        return type(told[-1]).__name__ if told else ""


@pytest.fixture
def gateway(start: StartServer) -> Server:
    return start()


@pytest.fixture
def eye(gateway: Server, tmp_path: Path, redis_url: str, redis: Redis, jpeg: bytes) -> Iterator[Eye]:
    """It looks at the database unasked only once an hour."""
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "redis_url": redis_url,
            "database_url": f"sqlite:///{tmp_path / 'data' / 'argus.db'}",
            "eye": {"backend": "hog", "sync_interval_s": 3600},
        }
    )
    made = Eye(redis, settings, jpeg)
    threads = made.start()
    yield made
    made.stop.set()
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()


def _visionflow(gateway: Server) -> httpx.Client:
    url = f"{gateway.url}/visionflow"
    login = httpx.post(f"{url}/login", json={"username": "alice", "password": PASSWORD}, timeout=20).json()
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {login['access_token']}"}, timeout=20)


def test_an_area_counts_at_once_and_recognition_can_be_switched_off(gateway: Server, eye: Eye) -> None:
    with _visionflow(gateway) as client:
        camera = client.post("/cameras", json={"name": "Door", "stream_url": RTSP}).json()["data"]["id"]
        wait_until(lambda: eye.last() in ("PresenceStarted", "PresenceChanged"), 60, "the eye to see somebody")
        assert eye.zones() == set()

        _save(client, camera, classes=["vehicle", "human"])
        _within(lambda: eye.zones() == {"入口區域"}, "somebody to stand in the new area")
        _save(client, camera, classes=["vehicle"])
        _within(lambda: eye.zones() == set(), "people to count no more in it")
        _save(client, camera, classes=[])
        _within(lambda: eye.zones() == {"入口區域"}, "everybody to count in it")
        assert client.delete(f"/rectangles/{camera}").status_code == 200
        _within(lambda: eye.zones() == set(), "the area to be gone")

        assert client.patch(f"/cameras/{camera}", json={"recognition": False}).status_code == 200
        wait_until(lambda: eye.last() == "PresenceEnded", WITHIN_S, "nobody to look any more")
        silent = len(eye.told())
        time.sleep(2)
        assert len(eye.told()) == silent
        assert client.patch(f"/cameras/{camera}", json={"recognition": True}).status_code == 200
        wait_until(lambda: eye.last() in ("PresenceStarted", "PresenceChanged"), 60, "the eye to look again")


def _save(client: httpx.Client, camera: int, *, classes: list[str]) -> None:
    region = {"name": "入口區域", "coordinates": EVERYWHERE, "detection_classes": classes}
    answer = client.post(f"/rectangles/{camera}", json={"regions": [region]})
    assert answer.status_code == 200, answer.text


def _within(condition: Any, what: str) -> None:
    wait_until(condition, WITHIN_S, what)
