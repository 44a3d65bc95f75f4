"""What the sources share: opening a container with PyAV under time-outs and reading its packets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import av
import av.container
import av.error
from av.video.stream import VideoStream

from services.ingest.faults import SourceFailed, classify
from services.ingest.pacing import Pacer
from services.ingest.source import VideoPacket
from shared.domain.camera import CameraFault

# Enough to know codec and size; without a bound FFmpeg waits five seconds of footage before the first picture.
_COMMON = {"analyzeduration": "2000000", "probesize": "5000000", "fpsprobesize": "2"}


@dataclass(slots=True)
class AvSource:
    """A container and its first video stream. The sources hold one and say what is special about theirs."""

    url: str
    options: Mapping[str, str]
    open_timeout_s: float
    read_timeout_s: float
    monotonic: Callable[[], float] = time.monotonic
    _container: av.container.InputContainer | None = field(default=None, init=False)
    _stream: VideoStream | None = field(default=None, init=False)

    def open(self) -> VideoStream:
        """Raises `SourceFailed`."""
        began = self.monotonic()
        try:
            self._container = av.open(
                self.url,
                options=_COMMON | dict(self.options),
                timeout=(self.open_timeout_s, self.read_timeout_s),
                metadata_errors="replace",
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            # FFmpeg reports a wait that was broken off as whatever it was in the midst of.
            raise (_silent() if self._is_late(began) else classify(error)) from None
        if not self._container.streams.video:
            if self._is_late(began):
                raise _silent()
            raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, "there is no video in it")
        self._stream = self._container.streams.video[0]
        if self._stream.codec_context is None:
            raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, "no decoder for this codec")
        return self._stream

    def _is_late(self, began: float) -> bool:
        return self.monotonic() - began >= self.open_timeout_s * 0.95

    @property
    def duration_s(self) -> float | None:
        """Length of what is read, or None for something live."""
        duration = self._container.duration if self._container else None
        return duration / av.time_base if duration and duration > 0 else None

    @property
    def has_audio(self) -> bool | None:
        """Whether the container holds sound; None before `open`."""
        return bool(self._container.streams.audio) if self._container else None

    @property
    def format(self) -> str:
        """FFmpeg's name of the container, such as `hls` or `mpjpeg`; empty before `open`."""
        return self._container.format.name if self._container else ""

    def packets(self, *, may_end: bool = False) -> Iterator[VideoPacket]:
        """Every packet with data. Raises `SourceFailed`, also at the end of what should have none."""
        if self._container is None or self._stream is None:
            raise RuntimeError("packets() before open()")
        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    yield packet
        except (av.error.FFmpegError, OSError) as error:
            raise classify(error) from None
        if not may_end:
            # FFmpeg takes a closed connection for the end; something live has none.
            raise SourceFailed(CameraFault.NETWORK, "the camera closed the connection")

    def paced_packets(self, *, may_end: bool = False) -> Iterator[VideoPacket]:
        """The same, handed out no faster than their own time-stamps tell."""
        pacer = Pacer(monotonic=self.monotonic)
        for packet in self.packets(may_end=may_end):
            pacer.wait_for(seconds_of(packet))
            yield packet

    def rewind(self) -> None:
        """Back to the beginning. Raises `SourceFailed` when the container cannot seek."""
        if self._container is None:
            raise RuntimeError("rewind() before open()")
        try:
            self._container.seek(0)
        except (av.error.FFmpegError, OSError) as error:
            raise classify(error) from None

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
        self._container = self._stream = None


def seconds_of(packet: VideoPacket) -> float | None:
    """When the packet is to be decoded (else shown), in seconds of its stream."""
    ticks = packet.dts if packet.dts is not None else packet.pts
    return None if ticks is None or packet.time_base is None else float(ticks * packet.time_base)


def _silent() -> SourceFailed:
    return SourceFailed(CameraFault.STALLED, "connected, but nothing came in time")
