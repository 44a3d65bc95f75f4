"""From packets to the pictures that are worth a look: the sampler's decisions carried out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from services.ingest.decoding import KeyframeDecoder, RunningDecoder
from services.ingest.motion import MotionTest
from services.ingest.pictures import Jpeg, PictureMaker
from services.ingest.sampling import Outcome, Sampler, SamplingSettings, Step, Want
from services.ingest.source import VideoPacket

INTRA_ONLY = frozenset({"mjpeg", "mjpegb", "png", "prores", "dnxhd", "rawvideo", "jpeg2000", "gif", "ffv1", "huffyuv"})
# From this many times the wanted rate on, pictures that no other refers to need not be decoded.
_SPARE_RATE = 3.0
_BUFFER_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture for the eye; `at_s` is its place on the wall clock."""

    at_s: float
    jpeg: Jpeg


@dataclass(frozen=True, slots=True)
class _Buffered:
    packet: VideoPacket
    at_s: float
    keyframe: bool


class Extractor:
    """Everything between demuxer and publisher for one connection. Feed it packets in order.

    While it is `watched` everything is decoded as it comes, for somebody who wants pictures in a row; what goes to the
    eye is decided as ever.
    """

    def __init__(self, stream: VideoStream, *, sampling: SamplingSettings, pictures: PictureMaker, fps: float) -> None:
        self._stream = stream
        self._settings = sampling
        self._pictures = pictures
        self._intra_only = stream.codec_context.codec.name in INTRA_ONLY
        self._sampler = Sampler(sampling, intra_only=self._intra_only)
        self._sampler.set_rate(fps)
        self._spare = fps >= _SPARE_RATE * sampling.active_fps
        self._motion = MotionTest()
        self._keyframes = KeyframeDecoder(stream)
        self._running: RunningDecoder | None = None
        self._continues = False
        self._buffer: deque[_Buffered] = deque()
        self._buffer_bytes = 0
        self._preroll: deque[tuple[VideoFrame, float]] = deque()
        self._taken_s = float("-inf")
        self.watched = False
        # For those who ask for a picture: the newest keyframe as it came, and the newest picture decoded since.
        self._keyframe: _Buffered | None = None
        self._newest: tuple[VideoFrame, float] | None = None

    @property
    def active(self) -> bool:
        return self._sampler.active

    def feed(self, packet: VideoPacket, at_s: float) -> Iterator[Taken]:
        """The pictures that the packet makes worth showing. Raises `SourceFailed` when there can be none."""
        keyframe = packet.is_keyframe or self._intra_only
        if keyframe:
            self._keyframe, self._newest = _Buffered(packet, at_s, keyframe=True), None
        step = self._sampler.arrived(at_s, keyframe=keyframe, size=packet.size)
        if step is Step.PEEK and not self.watched:
            yield from self._peek(packet, at_s)
            return
        if self._intra_only:
            self._clear()
        self._append(_Buffered(packet, at_s, keyframe))
        if step is Step.DECODE_RECENT:
            self._drop_before_preroll(at_s)
        if step is not Step.WAIT or self.watched or self._buffer_bytes > _BUFFER_BYTES:
            yield from self._decode_buffer()

    def finish(self) -> Iterator[Taken]:
        """What is left when the source has ended, unless the packets' sizes told that nothing was in it."""
        if self._buffer and self._sampler.ending():
            yield from self._decode_buffer(drain=True)

    @property
    def newest_s(self) -> float | None:
        """The place of the newest decoded picture on the wall clock."""
        return self._newest[1] if self._newest is not None else None

    def snapshot(self, *, most_width: int | None) -> Taken | None:
        """The newest picture: of a few tenths of a second ago while something moves, else the newest keyframe.

        None before the first keyframe. Raises `SourceFailed` like `feed`.
        """
        if self._newest is None and self._keyframe is not None:
            frame = self._keyframes.decode(self._keyframe.packet)
            self._newest = (frame, self._keyframe.at_s) if frame is not None else None
        if self._newest is None:
            return None
        frame, at_s = self._newest
        return Taken(at_s, self._pictures.jpeg(frame, most_width=most_width))

    def _peek(self, packet: VideoPacket, at_s: float) -> Iterator[Taken]:
        frame = self._keyframes.decode(packet)
        moved = frame is not None and self._motion.moved(self._pictures.tiny(frame), at_s)
        outcome = self._sampler.peeked(at_s, moved=moved)
        if outcome is Outcome.FORGET:
            self._clear()
            self._continues, self._running = False, None
            self._append(_Buffered(packet, at_s, keyframe=True))
            if frame is not None and self._sampler.trickles(at_s):
                yield from self._take(frame, at_s)
            return
        self._append(_Buffered(packet, at_s, keyframe=True))
        yield from self._decode_buffer()

    def _decode_buffer(self, *, drain: bool = False) -> Iterator[Taken]:
        if not self._continues:
            self._drop_before_keyframe()
        if self._buffer:
            decoder = self._decoder()
            while self._buffer:
                item = self._buffer.popleft()
                for frame, at_s in decoder.decode(item.packet, item.at_s):
                    yield from self._look_at(frame, at_s)
            for frame, at_s in decoder.drain() if drain else ():
                yield from self._look_at(frame, at_s)
            self._continues = True
        self._clear()
        self._sampler.decoded()

    def _look_at(self, frame: VideoFrame, at_s: float) -> Iterator[Taken]:
        self._newest = (frame, at_s)
        if self._sampler.wants(at_s) is Want.NOTHING:
            return
        moved = self._motion.moved(self._pictures.tiny(frame), at_s)
        if not self._sampler.tested(at_s, moved=moved):
            self._keep(frame, at_s)
            return
        while self._preroll:
            yield from self._take(*self._preroll.popleft())
        yield from self._take(frame, at_s)

    def _take(self, frame: VideoFrame, at_s: float) -> Iterator[Taken]:
        # A keyframe that was shown alone is decoded again with its group: once is enough.
        if at_s > self._taken_s:
            self._taken_s = at_s
            yield Taken(at_s, self._pictures.jpeg(frame))

    def _keep(self, frame: VideoFrame, at_s: float) -> None:
        self._preroll.append((frame, at_s))
        while self._preroll[0][1] < at_s - self._settings.preroll_s:
            self._preroll.popleft()

    def _decoder(self) -> RunningDecoder:
        if self._running is None:
            self._running = RunningDecoder(self._stream, references_only=self._spare)
        elif not self._continues:
            self._running.restart()
        return self._running

    def _append(self, item: _Buffered) -> None:
        self._buffer.append(item)
        self._buffer_bytes += item.packet.size

    def _clear(self) -> None:
        self._buffer.clear()
        self._buffer_bytes = 0
        if not self._sampler.decoding:
            self._preroll.clear()

    def _drop_before_keyframe(self) -> None:
        while self._buffer and not self._buffer[0].keyframe:
            self._buffer.popleft()

    def _drop_before_preroll(self, at_s: float) -> None:
        oldest = at_s - self._settings.preroll_s
        starts = [index for index, item in enumerate(self._buffer) if item.keyframe and item.at_s <= oldest]
        if starts:
            for _ in range(starts[-1]):
                self._buffer.popleft()
            self._continues = False
