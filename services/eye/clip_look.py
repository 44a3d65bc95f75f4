"""`python -m services.eye.clip_look`: what is to be seen on a clip that a stranger sent, in a process of its own.

A process, because such a file may bring down whoever opens it: all it can take along is the answer. It reads one line
of JSON (`ClipOrder`) and then the clip from its standard input, and writes a `ClipAnswer` to its standard output.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import BinaryIO, Final

import av
import cv2
import numpy as np
from av.error import FFmpegError

from services.eye import pictures
from services.eye.bootstrap import DEFAULT_LABELS, new_view, open_detector, presence_rules
from services.eye.clip_order import ClipOrder
from services.eye.presence import PresenceUpdate
from shared.domain.detection import Detection
from shared.domain.errors import ArgusError
from shared.domain.presence import Presence
from shared.messages.answers import ClipAnswer
from shared.messages.frames import FrameCaptured
from shared.messages.presences import PresenceEnded
from shared.settings import Settings, load_settings

LONGEST_S: Final = 60.0
FPS: Final = 5.0
LARGEST: Final = 1920 * 1088
MOST_PRESENCES: Final = 500

# Only these are opened, each by its own reader. Left to guess, FFmpeg also reads playlists and session descriptions,
# which name further files and addresses for it to open.
_MP4_BRAND: Final = b"ftyp"
_EBML: Final = b"\x1aE\xdf\xa3"

_MOST_MEMORY: Final = 4 << 30
_NICENESS: Final = 10


class UnusableClip(Exception):
    """The clip cannot be looked at; the message says why."""


def look_at(clip: BinaryIO, order: ClipOrder, settings: Settings) -> ClipAnswer:
    """Everything that is to be seen on the clip, as the live run would have seen it with 5 pictures a second.

    Raises `UnusableClip`. Blocks for as long as the detector takes for 300 pictures at most.
    """
    cv2.setNumThreads(1)
    detector, info = open_detector(settings)
    view = new_view(order.camera, settings, presence_rules(settings))
    labels = frozenset(settings.eye.labels) or DEFAULT_LABELS
    zones = [zone.zone() for zone in order.zones]
    seen: dict[str, Presence] = {}
    last_s, count = 0.0, 0
    try:
        for number, (second, picture) in enumerate(_pictures(clip)):
            frame = _frame(order, number, second, picture)
            small = _reduced(picture, side=int(info["working_side"]))
            detections = _in_frame(detector.detect([small])[0], small, picture, labels)
            updates = [*view.begin(frame), *view.see(detections, image=small, frame=frame, zones=zones)]
            _note(seen, updates)
            last_s, count = second, number + 1
        _note(seen, view.end())
    finally:
        detector.close()
    ended = sorted(seen.values(), key=lambda each: (each.started_at, each.id))[:MOST_PRESENCES]
    return ClipAnswer(
        ok=True,
        detector=detector.name,
        duration_s=last_s,
        pictures=count,
        presences=tuple(PresenceEnded.of(each, captured_at=each.last_seen_at) for each in ended),
    )


def _pictures(clip: BinaryIO) -> Iterator[tuple[float, pictures.Image]]:
    """The clip's pictures (BGR) with their second, as many a second as are looked at."""
    try:
        with av.open(clip, "r", format=_container_of(clip)) as container:
            if not container.streams.video:
                raise UnusableClip("has no video")
            stream = container.streams.video[0]
            _check_size(stream.width, stream.height)
            first: float | None = None
            due_s = 0.0
            for frame in container.decode(stream):
                at = float(frame.time) if frame.time is not None else due_s
                first = at if first is None else first
                second = at - first
                if second > LONGEST_S:
                    raise UnusableClip(f"is longer than {LONGEST_S:.0f} s")
                if second + 1e-6 >= due_s:
                    due_s = max(due_s + 1 / FPS, second)
                    # They may grow on the way, whatever the head of the file says.
                    _check_size(frame.width, frame.height)
                    yield second, np.ascontiguousarray(frame.to_ndarray(format="bgr24"))
    except (FFmpegError, ValueError, MemoryError) as error:
        raise UnusableClip(f"cannot be read as video ({type(error).__name__})") from error


def _container_of(clip: BinaryIO) -> str:
    """FFmpeg's name for what the clip is, by its first bytes; it is at its beginning afterwards."""
    head = clip.read(8)
    clip.seek(0)
    if head[4:] == _MP4_BRAND:
        return "mp4"
    if head.startswith(_EBML):
        return "matroska"
    raise UnusableClip("is neither MP4 nor MKV")


def _check_size(width: int, height: int) -> None:
    if width * height > LARGEST:
        raise UnusableClip(f"its pictures have {width} × {height} pixels, 1920 × 1080 at most")


def _frame(order: ClipOrder, number: int, second: float, picture: pictures.Image) -> FrameCaptured:
    height, width = picture.shape[:2]
    return FrameCaptured(
        camera=order.camera,
        session="clip",
        seq=number,
        captured_at=order.began_at + timedelta(seconds=second),
        width=width,
        height=height,
        source_width=width,
        source_height=height,
    )


def _reduced(picture: pictures.Image, *, side: int) -> pictures.Image:
    """By 2 or 4 while it stays large enough, as pictures of live cameras are."""
    height, width = picture.shape[:2]
    factor = 1
    while factor < 4 and max(width, height) // (factor * 2) >= side:
        factor *= 2
    if factor == 1:
        return picture
    return np.asarray(cv2.resize(picture, (width // factor, height // factor), interpolation=cv2.INTER_AREA), np.uint8)


def _in_frame(
    detections: Sequence[Detection], small: pictures.Image, picture: pictures.Image, labels: frozenset[str]
) -> list[Detection]:
    sx, sy = picture.shape[1] / small.shape[1], picture.shape[0] / small.shape[0]
    return [Detection(each.label, each.confidence, each.box.scaled(sx, sy)) for each in detections
            if each.label in labels]  # fmt: skip


def _note(seen: dict[str, Presence], updates: Sequence[PresenceUpdate]) -> None:
    for update in updates:
        seen[update.presence.id] = update.presence


def _bound_this_process() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)


def main() -> None:
    """Answer one order."""
    _bound_this_process()
    order = ClipOrder.model_validate(json.loads(sys.stdin.buffer.readline()))
    clip = io.BytesIO(sys.stdin.buffer.read())
    # Libraries write to it as well.
    answers, sys.stdout = sys.stdout, sys.stderr
    try:
        answer = look_at(clip, order, load_settings())
    except (UnusableClip, ArgusError) as error:
        answer = ClipAnswer(ok=False, detail=str(error))
    answers.write(answer.model_dump_json())
    answers.flush()


if __name__ == "__main__":
    main()
