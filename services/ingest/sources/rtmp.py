"""RTMP streams."""

from __future__ import annotations

from collections.abc import Iterator

from av.video.stream import VideoStream

from services.ingest.avsource import AvSource
from services.ingest.reachability import knock
from services.ingest.source import SourceOptions, VideoPacket
from shared.domain.camera_url import CameraUrl


class RtmpSource:
    """FFmpeg's RTMP client, playing a live stream."""

    live = True

    def __init__(self, address: CameraUrl, *, options: SourceOptions) -> None:
        self._address = address
        self._options = options
        self._av = AvSource(
            url=address.url,
            options={"rtmp_live": "live"},
            open_timeout_s=options.stall_timeout_s,
            read_timeout_s=options.stall_timeout_s,
        )

    def open(self) -> VideoStream:
        knock(self._address, timeout_s=self._options.connect_timeout_s)
        return self._av.open()

    def packets(self) -> Iterator[VideoPacket]:
        return self._av.packets()

    def close(self) -> None:
        self._av.close()
