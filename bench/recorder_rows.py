"""P4: keeping the stream, against copying it."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from bench import footage
from bench.row import Row, median_ratio
from services.ingest.keeper import Keeper
from services.ingest.recorder import Recorder
from services.ingest.session import declared_fps
from services.ingest.source import VideoPacket
from shared.media import MediaStore

_RUNS = 9
# A camera runs for days: what a connection costs once must not count as if it came every twenty seconds.
_ROUNDS = 6
_START_S = 1_760_000_000.0
_GOAL, _CORE_GOAL = 1.5, 0.02


def p4_recorder() -> Row:
    """Of the same packets one makes a copy of the clip, the other keeps them in segments, with all its threads."""
    clip = footage.active_clip()
    seconds = _seconds(clip) * _ROUNDS
    expected = _packets(clip) * _ROUNDS
    ours, reference = [], []
    kept = 0
    for run in range(_RUNS + 1):
        # Both into new files, which are gone before the next run: disks remember what was written before.
        with tempfile.TemporaryDirectory(prefix="argus-bench-") as folder:
            copying = _cpu_s(lambda: _copy(clip, Path(folder, "copy.mp4"))) / seconds
        with tempfile.TemporaryDirectory(prefix="argus-bench-") as folder:
            keeping = _cpu_s(lambda: _record(clip, Path(folder))) / seconds
            kept = sum(_packets(path) for path in Path(folder).glob("segments/**/*.mp4"))
        if run:  # the first one warms up
            reference.append(copying)
            ours.append(keeping)
    ratio, share = median_ratio(ours, reference), statistics.median(ours)
    return Row(
        "P4",
        "recorder: CPU s per camera-minute, 1080p25 at 4 Mbit/s",
        f"≤ {_GOAL}, and ≤ {_CORE_GOAL:.0%} of a core per stream",
        ours=f"{share * 60:.3f} s ({share:.2%} of a core)",
        reference=f"{statistics.median(reference) * 60:.3f} s copying with PyAV",
        ratio=f"{ratio:.2f}",
        met=ratio <= _GOAL and share <= _CORE_GOAL and kept == expected,
        note=f"{kept} of {expected} packets kept",
        figures={"ratio": ratio, "core_share": share},
    )


def _copy(clip: Path, target: Path) -> None:
    with av.open(str(clip)) as container, av.open(str(target), "w") as copy:
        stream = container.streams.video[0]
        written = copy.add_stream_from_template(stream)
        for packet in _played(container, stream):
            packet.stream = written
            copy.mux(packet)


def _record(clip: Path, folder: Path) -> None:
    store = MediaStore.open(folder.as_uri())
    keeper = Keeper(here=store, media=store, keep=timedelta(hours=72), min_free_bytes=1)
    recorder = Recorder(place=keeper.place, segment_s=10.0, shortage=lambda: keeper.shortage)
    keeper.start()
    recorder.start()
    try:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            fps = declared_fps(stream)
            taken = recorder.begin("bench", stream, fps=fps)
            for index, packet in enumerate(_played(container, stream)):
                taken.feed(packet, at_s=_START_S + index / fps, size=footage.FULL_HD, wait=lambda: True)
            taken.end()
    finally:
        recorder.stop(timeout_s=10)
        keeper.stop()


def _played(container: InputContainer, stream: VideoStream) -> Iterator[VideoPacket]:
    """The clip several times on end, as if it were one."""
    shift = 0
    for _ in range(_ROUNDS):
        container.seek(0)
        end = shift
        for packet in container.demux(stream):
            if packet.size and packet.pts is not None and packet.dts is not None:
                packet.pts += shift
                packet.dts += shift
                end = packet.pts + (packet.duration or 0)
                yield packet
        shift = end


def _cpu_s(work: Callable[[], object]) -> float:
    """Of this process, all its threads."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _seconds(clip: Path) -> float:
    with av.open(str(clip)) as container:
        return float(container.duration or 0) / 1e6


def _packets(clip: Path) -> int:
    with av.open(str(clip)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)
