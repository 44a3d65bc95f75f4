"""What lies in a footage folder, and a recorder fed from a real file source without the rest of ingest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import av.error

from services.ingest.bootstrap import open_session
from services.ingest.recorder import Recorder, Take
from services.ingest.source import SourceOptions, make_source
from shared.domain.camera_url import CameraUrl
from shared.settings.sections import IngestSettings

START_S = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC


@dataclass(frozen=True, slots=True)
class Seen:
    """A segment as a player sees it; times in seconds of the file."""

    name: str
    packets: int
    pictures: int
    keyframe_first: bool
    begins_s: float
    ends_s: float
    size: tuple[int, int]
    codec: str


def segments(root: Path) -> list[Path]:
    """The finished segments below a media folder, by their path."""
    return sorted(path for path in _files(root) if not path.name.startswith("."))


def unfinished(root: Path) -> list[Path]:
    return sorted(path for path in _files(root) if path.name.startswith("."))


def _files(root: Path) -> Iterator[Path]:
    """Folders may vanish meanwhile."""
    for folder, _, names in os.walk(root / "segments"):
        yield from (Path(folder, name) for name in names)


def look_at(path: Path) -> Seen:
    """Demux and decode a segment from its beginning to its end."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        base = float(stream.time_base or 0)
        size, codec = (stream.width, stream.height), stream.codec_context.name
    with av.open(str(path)) as container:
        pictures = sum(1 for _ in container.decode(video=0))
    return Seen(
        name=path.name,
        packets=len(packets),
        pictures=pictures,
        keyframe_first=packets[0].is_keyframe,
        begins_s=min(packet.pts for packet in packets if packet.pts is not None) * base,
        ends_s=max(packet.pts + packet.duration for packet in packets if packet.pts is not None) * base,
        size=size,
        codec=codec,
    )


def playable_pictures(path: Path) -> int:
    """How many pictures a player shows before it meets the place where the file was cut off."""
    count = 0
    with av.open(str(path)) as container:
        try:
            for _ in container.decode(video=0):
                count += 1
        except av.error.InvalidDataError:
            pass
    return count


def packets_of(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


@contextmanager
def recorder_in(root: Path, *, segment_s: float, shortage: Callable[[], str] = lambda: "") -> Iterator[Recorder]:
    recorder = Recorder(place=root.joinpath, segment_s=segment_s, shortage=shortage)
    recorder.start()
    try:
        yield recorder
    finally:
        recorder.stop(timeout_s=30)


def record(recorder: Recorder, clip: Path, *, camera: str = "cam", pace_s: float = 0.0) -> Take:
    """Play a clip through the file source into the recorder as fast as it goes; how many frames ingest made of it."""
    address = CameraUrl.parse(f"{clip.resolve().as_uri()}?speed=max", file_roots=(clip.parent.resolve(),))
    source = make_source(address, options=SourceOptions(connect_timeout_s=5.0, stall_timeout_s=5.0))
    stream = source.open()
    try:
        session = open_session(camera, source, stream, IngestSettings())
        footage = recorder.begin(camera, stream, fps=session.declared_fps)
        assert isinstance(footage, Take)
        for packet in source.packets():
            for _ in session.feed(packet, arrived_s=START_S):
                pass
            footage.feed(packet, at_s=session.at_s, size=(session.width, session.height), wait=lambda: True)
            if pace_s:
                time.sleep(pace_s)
        footage.end()
    finally:
        source.close()
    return footage
