"""One segment's file: a session's packets, as they are, in a container that can be read up to the last half second."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.container
import av.error
from av.video.stream import VideoStream

from services.ingest.decoding import KeyframeDecoder
from services.ingest.extraction import INTRA_ONLY
from services.ingest.faults import SourceFailed
from services.ingest.parameter_sets import CODECS, in_band, is_annex_b
from services.ingest.source import VideoPacket

# What is not in a closed fragment is lost in a crash.
_FRAGMENT_US = 500_000
_MP4 = {"frag_duration": str(_FRAGMENT_US), "flush_packets": "1"}
_MOVFLAGS = "delay_moov+default_base_moof"
_MATROSKA = {"cluster_time_limit": str(_FRAGMENT_US // 1000), "flush_packets": "1"}
# A distance between two packets larger than this is a clock that was set, not a picture shown for so long.
_JUMP_S = 10.0
# Going back by up to so many pictures is disorder; by more, a clock that was set.
_DISORDER = 4

PART = ".part"


class NotRecordable(Exception):
    """No container can hold the stream; the text says why, in one line."""


@dataclass(slots=True)
class Template:
    """What of a stream its segments need. Outlives the connection it was taken from.

    Raises `NotRecordable`. Mp4 where it holds the codec, Matroska where it does not.
    """

    stream: VideoStream
    codec: str
    time_base: Fraction
    nominal_ticks: int
    format: str
    options: dict[str, str]
    intra_only: bool
    in_band: bool
    _container: av.container.OutputContainer = field(repr=False)

    @classmethod
    def of(cls, source: VideoStream, *, fps: float) -> Template:
        codec = source.codec_context.codec.canonical_name
        base = source.time_base
        if base is None:
            raise NotRecordable("the stream has no clock")
        intra_only = source.codec_context.codec.name in INTRA_ONLY
        for name in ("mp4", "matroska"):
            container = av.open(io.BytesIO(), "w", format=name)
            try:
                # The input's own parameters are gone once it is closed: keep a copy in a file never written.
                stream = container.add_stream_from_template(source, opaque=True)
            except ValueError:
                continue
            return cls(
                stream=stream,
                codec=codec,
                time_base=base,
                nominal_ticks=max(1, round(1 / fps / float(base))),
                format=name,
                options=_options(name, intra_only=intra_only),
                intra_only=intra_only,
                in_band=codec in CODECS and is_annex_b(source.codec_context.extradata),
                _container=container,
            )
        raise NotRecordable(f"footage of codec {codec} cannot be kept")

    @property
    def suffix(self) -> str:
        return ".mp4" if self.format == "mp4" else ".mkv"

    def parameters_in(self, packet: VideoPacket) -> bytes:
        """The codec parameters that a keyframe brings along, or nothing."""
        if packet.has_sidedata("new_extradata"):
            return bytes(packet.get_sidedata("new_extradata"))
        return in_band(bytes(memoryview(packet)[:4096]), codec=self.codec) if self.in_band else b""

    def change(self, parameters: bytes, packet: VideoPacket) -> None:
        """From this keyframe on the stream is another one: take over its parameters and its size."""
        context = self.stream.codec_context
        context.extradata = parameters
        with suppress(SourceFailed):
            frame = KeyframeDecoder(self.stream).decode(packet)
            if frame is not None:
                context.width, context.height = frame.width, frame.height


class SegmentFile:
    """A file being written. It appears under its own name only when it is closed."""

    def __init__(self, path: Path, template: Template) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._part = part_of(path)
        self._base = template.time_base
        self._nominal_ticks = template.nominal_ticks
        self._intra_only = template.intra_only
        self._clock = SegmentClock(nominal=template.nominal_ticks, jump=round(_JUMP_S / float(template.time_base)))
        self._container = av.open(str(self._part), "w", format=template.format, options=dict(template.options))
        self._stream = self._container.add_stream_from_template(template.stream, opaque=True)
        parameters = template.stream.codec_context
        context: Any = self._stream.codec_context
        self._rescales: bool | None = None
        context.extradata, context.width, context.height = parameters.extradata, parameters.width, parameters.height

    def write(self, packet: VideoPacket) -> None:
        """Copies nothing of the picture and leaves the packet as it is. Raises `FFmpegError` or `OSError`."""
        copy: Any = av.Packet(cast(bytes, packet))  # any buffer will do; the bytes are shared
        copy.dts, copy.pts = self._clock.place(packet.dts, packet.pts)
        copy.duration = packet.duration or self._nominal_ticks
        if packet.is_keyframe or self._intra_only:
            copy.is_keyframe = True
        if self._rescales is not False:
            copy.time_base = self._base
        copy.stream = self._stream
        self._container.mux_one(copy)
        if self._rescales is None:
            # Known once the header is written: the container may count in other ticks.
            self._rescales = self._stream.time_base != self._base

    def close(self) -> None:
        """Finish the file and give it its name, even when that raises `FFmpegError` or `OSError`."""
        try:
            self._container.close()
        finally:
            if self._part.is_file() and self._part.stat().st_size:
                self._part.replace(self._path)
            else:
                self._part.unlink(missing_ok=True)


@dataclass(slots=True)
class SegmentClock:
    """A segment's own time-stamps: from zero on and always growing, whatever the camera's clock does. Ticks. Pure.

    `nominal` is the usual distance of two pictures, `jump` the largest one that is believed.
    """

    nominal: int
    jump: int
    _offset: int | None = field(default=None, init=False)
    _last: int = field(default=0, init=False)

    def place(self, dts: int | None, pts: int | None) -> tuple[int, int]:
        """When a packet is to be decoded and shown."""
        if self._offset is None:
            first = dts if dts is not None else pts if pts is not None else 0
            self._offset, self._last = -first, -self.nominal
        if dts is None:
            dts = pts if pts is not None else self._last + self.nominal - self._offset
        placed = dts + self._offset
        if not self._last < placed <= self._last + self.jump:
            disorder = self._last - _DISORDER * self.nominal < placed <= self._last
            placed = self._last + (1 if disorder else self.nominal)
            if not disorder:
                self._offset = placed - dts
        self._last = placed
        shown = placed if pts is None else pts + self._offset
        return placed, shown if shown > placed else placed


def part_of(path: Path) -> Path:
    """What a segment is called while it is written. The media store takes such names for nothing of its own."""
    return path.with_name(f".{path.name}{PART}")


def _options(format_name: str, *, intra_only: bool) -> dict[str, str]:
    if format_name == "matroska":
        return _MATROSKA
    # Where every picture is a keyframe a fragment for each would be more frame than picture.
    return _MP4 | {"movflags": _MOVFLAGS if intra_only else f"{_MOVFLAGS}+frag_keyframe"}
