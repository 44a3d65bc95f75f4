"""Decoding on one thread: a decoder that follows the stream, and one that looks at single keyframes."""

from __future__ import annotations

from collections.abc import Iterator

import av
import av.error
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from services.ingest.faults import SourceFailed
from services.ingest.source import VideoPacket
from shared.domain.camera import CameraFault

# A picture header may claim any size: more than 8K is refused before memory is asked for.
_MAX_PIXELS = 8192 * 8192
# So many broken packets in a row without one picture mean that nothing will ever come.
_HOPELESS = 250
_REMEMBERED = 256


class RunningDecoder:
    """Decodes packets in order. Broken ones are skipped; pictures that are known to be damaged are left out."""

    def __init__(self, stream: VideoStream, *, references_only: bool = False) -> None:
        self._context = _context_for(stream)
        if references_only:
            self._context.skip_frame = "NONREF"
        self._times: dict[int, float] = {}
        self._newest_s = 0.0
        self.broken = 0

    def decode(self, packet: VideoPacket, at_s: float) -> Iterator[tuple[VideoFrame, float]]:
        """The pictures that come out as the packet goes in, each with its own time.

        Raises `SourceFailed` when nothing at all can be decoded.
        """
        self._newest_s = max(self._newest_s, at_s)
        if packet.pts is not None:
            self._remember(packet.pts, at_s)
        return self._decoded(packet)

    def drain(self) -> Iterator[tuple[VideoFrame, float]]:
        """The pictures still inside; only `restart` may follow."""
        return self._decoded(None)

    def _decoded(self, packet: VideoPacket | None) -> Iterator[tuple[VideoFrame, float]]:
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError:
            self._count_broken()
            return
        for frame in frames:
            self.broken = 0
            at = self._times.pop(frame.pts, None) if frame.pts is not None else None
            if not frame.is_corrupt:
                yield frame, self._newest_s if at is None else at

    def restart(self) -> None:
        """Forget the past: the next packet is a keyframe from elsewhere in the stream."""
        self._context.flush_buffers()
        self._times.clear()

    def _remember(self, pts: int, at_s: float) -> None:
        self._times[pts] = at_s
        if len(self._times) > _REMEMBERED:
            del self._times[next(iter(self._times))]

    def _count_broken(self) -> None:
        self.broken += 1
        if self.broken >= _HOPELESS:
            raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, "the pictures cannot be decoded")


class KeyframeDecoder:
    """Decodes keyframes one by one, whatever lies between them."""

    def __init__(self, stream: VideoStream) -> None:
        self._context = _context_for(stream)
        self._broken = 0

    def decode(self, packet: VideoPacket) -> VideoFrame | None:
        """The picture of a keyframe, or None when it is damaged. Raises `SourceFailed` when all of them are."""
        frames: list[VideoFrame] = []
        try:
            frames = self._context.decode(packet)
            frames += self._context.decode(None)
        except av.error.FFmpegError:
            self._broken += 1
        finally:
            self._context.flush_buffers()
        whole = [frame for frame in frames if not frame.is_corrupt]
        if whole:
            self._broken = 0
            return whole[-1]
        if self._broken >= _HOPELESS:
            raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, "the pictures cannot be decoded")
        return None


def _context_for(stream: VideoStream) -> VideoCodecContext:
    known = stream.codec_context
    context = CodecContext.create(known.codec.name, "r")
    if not isinstance(context, VideoCodecContext):
        raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, "there is no video in it")
    context.extradata = known.extradata
    context.codec_tag = known.codec_tag
    if known.width and known.height:
        context.width, context.height = known.width, known.height
    context.thread_count = 1  # cameras are decoded side by side; more threads each would only get in the way
    context.options = {"max_pixels": str(_MAX_PIXELS)}
    return context
