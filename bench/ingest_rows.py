"""P1–P3: what sampling costs, and what it misses."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2

from bench import footage
from bench.detector import bench_detector
from bench.row import Row, median_ratio
from services.eye.bootstrap import DEFAULT_LABELS, new_view
from services.eye.camera_view import CameraView
from services.eye.pictures import decode
from services.eye.presence import PresenceRules
from services.ingest.bootstrap import open_session
from services.ingest.source import SourceOptions, make_source
from shared.domain.camera_url import CameraUrl
from shared.domain.detection import Detection
from shared.domain.presence import PresencePhase
from shared.messages.frames import FrameCaptured
from shared.settings import Settings
from shared.settings.sections import IngestSettings

_RUNS = 5
_HOUR_START_S = 1_760_000_000.0


def p1_idle() -> Row:
    """An idle camera decodes keyframes and looks at packet sizes."""
    return _cost("P1", "ingest, idle scene, 1080p25 H.264: CPU s per camera-minute", footage.idle_clip(), goal=0.12)


def p2_active() -> Row:
    """An active one decodes everything and sends five frames a second."""
    return _cost("P2", "ingest, active scene (5 frames/s to the eye)", footage.active_clip(), goal=1.15)


def p3_recall() -> Row:
    """Presences found from what ingest sends on, against those found when every frame is looked at."""
    found = expected = 0
    for seed in (1, 2, 3):
        clip = footage.visits_clip(seed=seed)
        every = _presences(_every_frame(clip))
        sampled = _presences(_sampled(clip))
        expected += len(every)
        found += sum(any(_overlap(stay, other) for other in sampled) for stay in every)
    recall = found / expected if expected else 0.0
    return Row(
        "P3",
        "presences found with adaptive sampling",
        "≥ 0.98 recall",
        ours=str(found),
        reference=f"{expected} decoding every frame",
        ratio=f"{recall:.3f}",
        met=recall >= 0.98,
        figures={"found": found, "expected": expected},
    )


def _cost(row_id: str, what: str, clip: Path, *, goal: float) -> Row:
    minutes = _seconds(clip) / 60
    ours, reference = [], []
    sent = 0
    for _ in range(_RUNS):
        reference.append(_cpu_s(lambda: _decode_all(clip)) / minutes)
        before = time.process_time()
        sent = sum(1 for _ in _sampled(clip))
        ours.append((time.process_time() - before) / minutes)
    ratio = median_ratio(ours, reference)
    return Row(
        row_id,
        what,
        f"≤ {goal}",
        ours=f"{statistics.median(ours):.2f} s",
        reference=f"{statistics.median(reference):.2f} s full decode, one thread",
        ratio=f"{ratio:.3f}",
        met=ratio <= goal,
        note=f"{sent / minutes / 60:.2f} frames/s sent on",
        figures={"ratio": ratio, "cpu_s_per_min": statistics.median(ours)},
    )


def _cpu_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _decode_all(clip: Path) -> int:
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return sum(1 for _ in container.decode(stream))


def _seconds(clip: Path) -> float:
    with av.open(str(clip)) as container:
        return float(container.duration or 0) / 1e6


def _sampled(clip: Path) -> Iterator[FrameCaptured]:
    """What ingest sends on of a clip, as fast as it can."""
    address = CameraUrl.parse(f"{clip.resolve().as_uri()}?speed=max", file_roots=(clip.parent.resolve(),))
    source = make_source(address, options=SourceOptions(connect_timeout_s=5.0, stall_timeout_s=5.0))
    stream = source.open()
    try:
        session = open_session("bench", source, stream, IngestSettings())
        for packet in source.packets():
            yield from session.feed(packet, arrived_s=_HOUR_START_S)
        yield from session.finish()
    finally:
        source.close()


def _every_frame(clip: Path) -> Iterator[FrameCaptured]:
    from datetime import UTC, datetime

    with av.open(str(clip)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            image = picture.to_ndarray(format="bgr24")
            at = datetime.fromtimestamp(_HOUR_START_S + float(picture.time or 0.0), UTC)
            yield FrameCaptured(
                camera="bench",
                session="every",
                seq=index,
                captured_at=at,
                width=image.shape[1],
                height=image.shape[0],
                source_width=image.shape[1],
                source_height=image.shape[0],
                jpeg=cv2.imencode(".jpg", image)[1].tobytes(),
            )


Stay = tuple[float, float]


def _presences(frames: Iterator[FrameCaptured]) -> list[Stay]:
    """When each presence was there, in seconds since the clip's first frame."""
    detector = bench_detector()
    view = new_view("bench", Settings(), PresenceRules())
    stays: dict[str, Stay] = {}
    first: float | None = None
    for frame in frames:
        at = frame.captured_at.timestamp()
        first = at if first is None else first
        for presence in _look(view, frame, detector.detect):
            stays[presence[0]] = (presence[1] - first, presence[2] - first)
    return list(stays.values())


def _look(
    view: CameraView, frame: FrameCaptured, detect: Callable[..., list[list[Detection]]]
) -> list[tuple[str, float, float]]:
    image = decode(frame.jpeg, size=(frame.width, frame.height), at_least=416)
    scale = frame.width / image.shape[1]
    detections = [
        Detection(found.label, found.confidence, found.box.scaled(scale, scale))
        for found in detect([image])[0]
        if found.label in DEFAULT_LABELS
    ]
    updates = view.begin(frame) + view.see(detections, image=image, frame=frame, zones=())
    return [
        (update.presence.id, update.presence.started_at.timestamp(), update.presence.last_seen_at.timestamp())
        for update in updates
        if update.phase in PresencePhase and update.presence.label == "person"
    ]


def _overlap(a: Stay, b: Stay) -> bool:
    return min(a[1], b[1]) - max(a[0], b[0]) > -0.5
