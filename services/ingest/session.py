"""One unbroken run of a source: its time, its rate, its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from av.video.stream import VideoStream

from services.ingest.extraction import Extractor, Taken
from services.ingest.pictures import PictureMaker
from services.ingest.rate import RateMeter
from services.ingest.sampling import SamplingSettings
from services.ingest.source import VideoPacket
from services.ingest.timeline import Timeline
from shared.messages.answers import SnapshotAnswer
from shared.messages.frames import FrameCaptured

_LEAST_FPS, _MOST_FPS, _USUAL_FPS = 1.0, 240.0, 25.0


class Session:
    """Feed it every packet in order; it gives back what the eye shall see. Lives on the camera's thread.

    `id` is new for every connection. `live` says whether the clock of the arrivals counts (see `Timeline`). `at_s` is
    the place of the newest packet on the wall clock.
    """

    def __init__(
        self,
        stream: VideoStream,
        *,
        camera: str,
        session_id: str,
        sampling: SamplingSettings,
        pictures: PictureMaker,
        live: bool,
    ) -> None:
        self.id = session_id
        self.codec = stream.codec_context.codec.canonical_name
        self.width = 0
        self.height = 0
        self._camera = camera
        self._time_base = stream.time_base
        fps = declared_fps(stream)
        self.declared_fps = fps
        self.at_s = 0.0
        self._timeline = Timeline(live=live, fps=fps)
        self._rate = RateMeter()
        self._extractor = Extractor(stream, sampling=sampling, pictures=pictures, fps=fps)
        self._seq = 0
        self._watchers = 0

    @property
    def fps(self) -> float:
        """As measured over the last seconds."""
        return self._rate.fps

    def feed(self, packet: VideoPacket, *, arrived_s: float) -> Iterator[FrameCaptured]:
        """The frames that the packet brings about, oldest first. Raises `SourceFailed` when there can be none."""
        self.at_s = at_s = self._timeline.place(self._seconds(packet), arrived_s=arrived_s)
        self._rate.count(at_s)
        for taken in self._extractor.feed(packet, at_s):
            yield self._frame(taken)

    def finish(self) -> Iterator[FrameCaptured]:
        """What was still waiting when the source ended."""
        for taken in self._extractor.finish():
            yield self._frame(taken)

    @property
    def newest_s(self) -> float | None:
        """The place of the newest decoded picture on the wall clock; None while there is none."""
        return self._extractor.newest_s

    def watch(self, *, on: bool) -> None:
        """Decode everything from now on; once all who wanted that have said no, only what the eye needs again."""
        self._watchers += 1 if on else -1
        self._extractor.watched = self._watchers > 0

    def snapshot(self, *, width: int | None = None) -> SnapshotAnswer | None:
        """The newest picture, at most `width` pixels wide; None before there is one. Raises `SourceFailed`."""
        taken = self._extractor.snapshot(most_width=width)
        if taken is None:
            return None
        return SnapshotAnswer(
            camera=self._camera,
            captured_at=datetime.fromtimestamp(taken.at_s, UTC),
            width=taken.jpeg.width,
            height=taken.jpeg.height,
            jpeg=taken.jpeg.content,
        )

    def _frame(self, taken: Taken) -> FrameCaptured:
        jpeg = taken.jpeg
        self.width, self.height = jpeg.source_width, jpeg.source_height
        frame = FrameCaptured(
            trace_id=f"{self.id}-{self._seq:x}",
            camera=self._camera,
            session=self.id,
            seq=self._seq,
            captured_at=datetime.fromtimestamp(taken.at_s, UTC),
            width=jpeg.width,
            height=jpeg.height,
            source_width=jpeg.source_width,
            source_height=jpeg.source_height,
            jpeg=jpeg.content,
        )
        self._seq += 1
        return frame

    def _seconds(self, packet: VideoPacket) -> float | None:
        ticks = packet.pts if packet.pts is not None else packet.dts
        base = packet.time_base or self._time_base
        return None if ticks is None or base is None else float(ticks * base)


def declared_fps(stream: VideoStream) -> float:
    """The rate the stream claims; a usual one when it claims nonsense."""
    claimed = stream.guessed_rate or stream.average_rate
    fps = float(claimed) if claimed else _USUAL_FPS
    return fps if _LEAST_FPS <= fps <= _MOST_FPS else _USUAL_FPS
