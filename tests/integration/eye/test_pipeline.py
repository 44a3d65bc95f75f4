"""Drawn people on real streams become presences, whatever dies on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from redis import Redis

from services.cli.demo.scenes import scene
from services.cli.demo.stage import frames as draw
from services.eye.bootstrap import new_view
from services.eye.detector import Detector, load_detector
from services.eye.pipeline import EyePipeline, PipelineRules
from services.eye.presence import PresenceRules
from shared.domain.detection import Detection
from shared.domain.ids import shard_of
from shared.domain.polygon import Polygon
from shared.domain.zone import Zone
from shared.media import MediaStore
from shared.messages.frames import FrameCaptured
from shared.messages.message import decode
from shared.messages.presences import PresenceBody
from shared.messages.topics import FRAMES, PRESENCES
from shared.settings import Settings
from shared.streams import GroupReader, Publisher

SHARDS = 4
CAMERA = "cam_001"
SHARD = shard_of(CAMERA, SHARDS)
START = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
FPS = 5.0
WHOLE = Zone("Everywhere", Polygon.of([(0, 0), (1, 0), (1, 1), (0, 1)]))


@pytest.fixture(scope="module")
def visit() -> list[FrameCaptured]:
    """Somebody comes in, stops and leaves: 12 s at 5 frames per second."""
    drawn = scene("entrance", seconds=12, size=(960, 540), fps=FPS)
    return [
        FrameCaptured(
            camera=CAMERA,
            session="first",
            seq=frame.index,
            captured_at=START + timedelta(seconds=frame.t_s),
            width=960,
            height=540,
            source_width=960,
            source_height=540,
            jpeg=cv2.imencode(".jpg", frame.image)[1].tobytes(),
        )
        for frame in draw(drawn)
    ]


class Remembering:
    """A detector that looks at each picture once for all tests: the same pixels have the same people."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._seen: dict[bytes, list[Detection]] = {}
        self.name, self.labels = detector.name, detector.labels

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        for image in images:
            if image.tobytes() not in self._seen:
                self._seen[image.tobytes()] = self._detector.detect([image])[0]
        return [self._seen[image.tobytes()] for image in images]

    def close(self) -> None:
        self._detector.close()


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Remembering(load_detector("hog", None))


@dataclass
class Eye:
    """A pipeline with a clock that follows the newest frame, and a new process at will."""

    redis: Any
    folder: Path
    detector: Detector
    zones: dict[str, Sequence[Zone]] = field(default_factory=lambda: {CAMERA: (WHOLE,)})
    now: datetime = START
    looked_at: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """What a restarted process does: everything in memory is gone."""
        self.reader = GroupReader(self.redis, FRAMES, group="eye", member="eye-0", shards=lambda: frozenset({SHARD}))
        settings = Settings(data_dir=self.folder)
        self.pipeline = EyePipeline(
            self.redis,
            self.reader,
            detector=self.detector,
            media=MediaStore.open((self.folder / "media").as_uri()),
            zones=self.zones.get,
            new_view=lambda slug: new_view(slug, settings, PresenceRules()),
            now=lambda: self.now,
            rules=PipelineRules(
                working_side=800, stale_after_s=10, batch=8, labels=frozenset({"person"}), shards=SHARDS
            ),
            keeps_crops=self.looked_at.__contains__,
        )

    def show(self, frames: Sequence[FrameCaptured]) -> None:
        publisher = Publisher(self.redis)
        for start in range(0, len(frames), 8):
            part = frames[start : start + 8]
            for frame in part:
                publisher.publish(FRAMES, frame, shard=SHARD)
            self.now = part[-1].captured_at + timedelta(milliseconds=100)
            self.look()

    def look(self) -> None:
        while received := self.reader.poll(count=8, block_ms=1):
            self.pipeline.process(received)

    def told(self) -> list[PresenceBody]:
        messages = [decode(fields) for _, fields in self.redis.xrange(PRESENCES.stream(SHARD))]
        return [message for message in messages if isinstance(message, PresenceBody)]

    def phases(self) -> Counter[str]:
        return Counter(type(message).__name__.removeprefix("Presence") for message in self.told())

    def unacknowledged(self) -> int:
        return int(self.redis.xpending(FRAMES.stream(SHARD), "eye")["pending"])


@pytest.fixture
def eye(redis: Redis, tmp_path: Path, detector: Detector) -> Eye:
    return Eye(redis, tmp_path, detector)


def test_a_visitor_is_one_presence_from_start_to_end(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.show(visit)
    eye.show(_later(visit[:2], seconds=20))

    phases = eye.phases()
    assert (phases["Started"], phases["Ended"]) == (1, 1)
    assert len({message.presence_id for message in eye.told()}) == 1
    last = eye.told()[-1]
    assert last.label == "person"
    assert [stay.zone for stay in last.zones] == ["Everywhere"]
    assert last.zones[0].dwell_s > 2
    assert eye.unacknowledged() == 0


def test_the_presence_comes_with_its_pictures(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.show(visit)

    started = next(message for message in eye.told() if type(message).__name__ == "PresenceStarted")
    assert started.snapshot is not None
    assert started.crop is not None
    snapshot = cv2.imread(str(eye.folder / "media" / started.snapshot))
    crop = cv2.imread(str(eye.folder / "media" / started.crop))
    assert snapshot.shape == (540, 960, 3)
    assert crop.shape[0] > crop.shape[1] > 20


def test_more_crops_are_kept_where_somebody_looks_closer(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.looked_at.add(CAMERA)
    eye.show(visit)
    eye.show(_later(visit[:2], seconds=20))

    ended = eye.told()[-1]
    assert 2 <= len(ended.crops) <= 5
    assert len({crop.path for crop in ended.crops}) == len(ended.crops)
    for crop in ended.crops:
        picture = cv2.imread(str(eye.folder / "media" / crop.path))
        assert picture.shape[0] > picture.shape[1] > 20


def test_nothing_is_kept_where_nobody_does(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.show(visit)

    assert [message for message in eye.told() if message.crops] == []
    assert len(list((eye.folder / "media" / "crops").rglob("*.jpg"))) == 1


def test_an_eye_that_dies_in_mid_presence_carries_on_with_the_same_one(eye: Eye, visit: list[FrameCaptured]) -> None:
    half = len(visit) // 2
    eye.show(visit[:half])
    assert eye.phases()["Started"] == 1

    eye.start_anew()
    eye.show(visit[half:])
    eye.show(_later(visit[:2], seconds=20))

    assert (eye.phases()["Started"], eye.phases()["Ended"]) == (1, 1)


def test_frames_that_were_never_acknowledged_are_looked_at_by_the_next_process(
    eye: Eye, visit: list[FrameCaptured]
) -> None:
    publisher = Publisher(eye.redis)
    for frame in visit:
        publisher.publish(FRAMES, frame, shard=SHARD)
    eye.now = visit[0].captured_at
    assert eye.reader.poll(count=8, block_ms=1)  # delivered, and then the process dies

    eye.start_anew()
    eye.look()

    assert eye.phases()["Started"] == 1
    assert eye.unacknowledged() == 0


def test_a_frame_that_comes_twice_changes_nothing(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.show(visit)
    before = eye.told()

    eye.show(visit)

    assert eye.told() == before


def test_a_short_loss_of_the_camera_does_not_make_a_second_presence(eye: Eye, visit: list[FrameCaptured]) -> None:
    half = len(visit) // 2
    eye.show(visit[:half])
    eye.show([frame.model_copy(update={"session": "second"}) for frame in visit[half + 3 :]])

    assert eye.phases()["Started"] == 1


def test_a_long_loss_of_the_camera_ends_the_presence(eye: Eye, visit: list[FrameCaptured]) -> None:
    half = len(visit) // 2
    eye.show(visit[:half])
    eye.show(_later(visit[half : half + 1], seconds=60, session="second"))

    assert eye.phases()["Ended"] == 1


def test_who_stands_still_on_a_quiet_camera_stays_one_presence(eye: Eye, visit: list[FrameCaptured]) -> None:
    half = len(visit) // 2
    eye.show(visit[:half])
    still = visit[half - 1]
    quiet = [_later([still], seconds=6.0 * number)[0] for number in range(1, 6)]
    for number, frame in enumerate(quiet):
        eye.show([frame.model_copy(update={"seq": 20_000 + number})])

    assert (eye.phases()["Started"], eye.phases()["Ended"]) == (1, 0)


def test_a_camera_that_falls_silent_loses_its_visitor(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.show(visit[: len(visit) // 2])
    eye.pipeline.end_silent()
    assert eye.phases()["Ended"] == 0

    eye.now += timedelta(seconds=60)
    eye.pipeline.end_silent()

    assert eye.phases()["Ended"] == 1


def test_a_camera_that_is_removed_loses_its_visitor_at_once(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.show(visit[: len(visit) // 2])
    eye.zones.clear()

    eye.pipeline.end_silent()
    eye.pipeline.end_silent()

    assert eye.phases()["Ended"] == 1


def test_a_camera_removed_while_the_eye_was_down_loses_its_visitor(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.show(visit[: len(visit) // 2])
    eye.zones.clear()
    eye.start_anew()

    eye.pipeline.keep_only(frozenset({SHARD}))
    eye.pipeline.end_silent()

    assert eye.phases()["Ended"] == 1


def test_a_silent_camera_is_emptied_by_the_eye_that_owns_it_alone(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.show(visit[: len(visit) // 2])
    eye.zones.clear()
    eye.start_anew()

    eye.pipeline.keep_only(frozenset(range(SHARDS)) - {SHARD})
    eye.pipeline.end_silent()

    assert eye.phases()["Ended"] == 0


def test_an_eye_that_lags_looks_at_fewer_frames_and_still_finds_the_visitor(
    eye: Eye, visit: list[FrameCaptured]
) -> None:
    publisher = Publisher(eye.redis)
    for start in range(0, len(visit), 8):
        part = visit[start : start + 8]
        for frame in part:
            publisher.publish(FRAMES, frame, shard=SHARD)
        eye.now = part[0].captured_at + timedelta(seconds=7)
        eye.look()

    looked_at = eye.told()[-1].frames
    assert eye.phases()["Started"] == 1
    assert 2 <= looked_at <= 12
    assert eye.unacknowledged() == 0


@pytest.mark.parametrize("why", ["stale", "unknown camera", "not a picture"])
def test_frames_that_cannot_be_used_are_let_go(eye: Eye, visit: list[FrameCaptured], why: str) -> None:
    if why == "unknown camera":
        eye.zones.clear()
    frames = [frame.model_copy(update={"jpeg": b"no"}) for frame in visit] if why == "not a picture" else visit
    publisher = Publisher(eye.redis)
    for frame in frames:
        publisher.publish(FRAMES, frame, shard=SHARD)
    eye.now = START + timedelta(seconds=3600 if why == "stale" else 0)

    eye.look()

    assert eye.told() == []
    assert eye.unacknowledged() == 0


def test_a_state_that_cannot_be_read_starts_the_camera_anew(eye: Eye, visit: list[FrameCaptured]) -> None:
    eye.redis.set(f"eye:state:{CAMERA}", b'{"version": 1, "tracker": 3')

    eye.show(visit)

    assert eye.phases()["Started"] == 1


def _later(frames: Sequence[FrameCaptured], *, seconds: float, session: str = "first") -> list[FrameCaptured]:
    """The same pictures, some time after the end of the visit."""
    return [
        frame.model_copy(
            update={
                "seq": frame.seq + 10_000,
                "session": session,
                "captured_at": frame.captured_at + timedelta(seconds=seconds),
            }
        )
        for frame in frames
    ]
