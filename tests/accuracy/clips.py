"""Annotated clips, and what the eye tells of them when it looks at every n-th frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from services.eye.detector import Detector, load_detector
from services.eye.presence import PresenceBook
from services.eye.tracker import load_tracker
from shared.domain.box import Box
from shared.domain.detection import Detection
from shared.vision.model import ModelSpec
from shared.weights.labels import LABEL_SETS
from tests.accuracy.ground_truth import Score, TruthTracks, read_mot, read_scenescape, score

ASSETS = Path(__file__).resolve().parents[3] / "shared" / "assets"
YOLOX_NANO = ModelSpec(
    name="yolox_nano",
    path=ASSETS / "models" / "yolox_nano.onnx",
    layout="yolox",
    input_size=(416, 416),
    labels=LABEL_SETS["coco80"],
)
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Clip:
    """A video of `fps` frames a second, its ground truth, and the steps between the frames looked at."""

    name: str
    video: Path
    truth: Path
    read: Callable[[Path], TruthTracks]
    fps: float
    steps: tuple[int, ...]


CLIPS = (
    Clip(
        "vtest",
        ASSETS / "video" / "vtest.avi",
        ASSETS / "mot" / "PETS09-S2L1" / "gt.txt",
        read_mot,
        fps=10,
        steps=(1, 2, 5, 10),
    ),
    Clip(
        "TUD-Campus",
        ASSETS / "mot" / "TUD-Campus" / "TUD-Campus.mp4",
        ASSETS / "mot" / "TUD-Campus" / "gt.txt",
        read_mot,
        fps=25,
        steps=(1, 5, 12),
    ),
    Clip(
        "scenescape x1",
        ASSETS / "mot" / "scenescape" / "Cam_x1_0_10fps.mp4",
        ASSETS / "mot" / "scenescape" / "Cam_x1_0_10fps.json",
        read_scenescape,
        fps=10,
        steps=(2, 4),
    ),
    Clip(
        "scenescape x2",
        ASSETS / "mot" / "scenescape" / "Cam_x2_0_10fps.mp4",
        ASSETS / "mot" / "scenescape" / "Cam_x2_0_10fps.json",
        read_scenescape,
        fps=10,
        steps=(2, 4),
    ),
)


class _Watcher:
    """A tracker and a book that look at every `step`-th frame and note where each presence was seen."""

    def __init__(self, step: int, fps: float) -> None:
        self.step, self._fps = step, fps
        self._tracker, self._book = load_tracker(), PresenceBook("clip")
        self._seen: dict[int, dict[int, Box]] = defaultdict(dict)
        self._started: dict[str, int] = {}

    def look(self, index: int, image: NDArray[np.uint8], detections: Sequence[Detection]) -> None:
        ts = index / self._fps
        tracks = self._tracker.update(detections, ts=ts, image=image)
        for track in tracks:
            if track.detection is not None:
                self._seen[track.track_id][index] = track.detection.box
        size = (image.shape[1], image.shape[0])
        for update in self._book.update(tracks, at=_START + timedelta(seconds=ts), frame_size=size):
            self._started.setdefault(update.presence.id, update.presence.track_id)

    def presences(self) -> dict[str, dict[int, Box]]:
        return {presence: self._seen[track] for presence, track in self._started.items()}


def watch(clip: Clip, detector: Detector, *, label: str = "person") -> dict[float, Score]:
    """Scores by frames per second; every frame is decoded and detected once, however many rates look at it."""
    watchers = [_Watcher(step, clip.fps) for step in clip.steps]
    frames = 0
    for index, image in enumerate(frames_of(clip.video)):
        frames = index + 1
        looking = [watcher for watcher in watchers if index % watcher.step == 0]
        if looking:
            detections = [found for found in detector.detect([image])[0] if found.label == label]
            for watcher in looking:
                watcher.look(index, image, detections)
    truth = clip.read(clip.truth)
    return {
        clip.fps / watcher.step: score(truth, watcher.presences(), fps=clip.fps, frames=frames) for watcher in watchers
    }


def open_yolox_nano() -> Detector:
    """The default model; the caller closes it."""
    return load_detector("onnx", YOLOX_NANO)


def frames_of(video: Path) -> Iterator[NDArray[np.uint8]]:
    """Every frame of a video, BGR."""
    capture = cv2.VideoCapture(str(video))
    try:
        while True:
            ok, frame = capture.read()
            if not ok:
                return
            yield np.asarray(frame, dtype=np.uint8)
    finally:
        capture.release()
