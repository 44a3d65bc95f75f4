"""RTMP streams."""

from __future__ import annotations

from services.ingest.network_source import NetworkSource
from services.ingest.source import SourceOptions
from shared.domain.camera_url import CameraUrl


class RtmpSource(NetworkSource):
    """FFmpeg's RTMP client, playing a live stream."""

    def __init__(self, address: CameraUrl, *, options: SourceOptions) -> None:
        super().__init__(address, options=options, ffmpeg={"rtmp_live": "live"})
