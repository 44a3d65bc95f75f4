"""Video files, for trials, tests and replay."""

from __future__ import annotations

import os
from collections.abc import Iterator

from av.video.stream import VideoStream

from services.ingest.avsource import AvSource, seconds_of
from services.ingest.faults import SourceFailed
from services.ingest.pacing import Pacer
from services.ingest.source import SourceOptions, VideoPacket
from shared.domain.camera import CameraFault
from shared.domain.camera_url import CameraUrl

# Formats that hold pictures themselves; lists of other files (hls, concat) could lead out of the permitted folders.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,h264,hevc,flv,mjpeg,m4v,asf,ogg,dv,ivf,av1,obu,nut,mxf"
)


class FileSource:
    """A file at its own frame rate, once or in a loop whose time goes on without a jump."""

    def __init__(self, address: CameraUrl, *, options: SourceOptions) -> None:
        self._address = address
        self._av = AvSource(
            url=address.url,
            options={"protocol_whitelist": "file", "format_whitelist": _FORMATS},
            open_timeout_s=options.connect_timeout_s,
            read_timeout_s=options.stall_timeout_s,
        )

    @property
    def live(self) -> bool:
        """A file that is paced is as good as live: its pictures are taken now."""
        return self._address.realtime

    @property
    def has_audio(self) -> bool | None:
        return self._av.has_audio

    def open(self) -> VideoStream:
        if os.path.realpath(self._address.path) != self._address.path:
            # It was no link when the address was checked against the permitted folders.
            raise SourceFailed(CameraFault.NOT_FOUND, "the file has been replaced by a link")
        return self._av.open()

    def packets(self) -> Iterator[VideoPacket]:
        pacer = Pacer()
        shift = 0
        while True:
            end = None
            for packet in self._av.packets(may_end=True):
                _shift(packet, shift)
                end = _end_of(packet, end)
                if self._address.realtime:
                    pacer.wait_for(seconds_of(packet))
                yield packet
            if not self._address.loop or end is None:
                return
            shift = end
            self._av.rewind()

    def close(self) -> None:
        self._av.close()


def _shift(packet: VideoPacket, ticks: int) -> None:
    if ticks and packet.pts is not None:
        packet.pts += ticks
    if ticks and packet.dts is not None:
        packet.dts += ticks


def _end_of(packet: VideoPacket, end: int | None) -> int | None:
    """Where the packet ends, when that is later than `end`; ticks of the stream."""
    start = packet.pts if packet.pts is not None else packet.dts
    if start is None:
        return end
    return max(start + max(packet.duration or 0, 1), end or 0)
