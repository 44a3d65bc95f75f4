"""HTTP and HTTPS: MJPEG and HLS live, MP4 and finished HLS at their own rate."""

from __future__ import annotations

from collections.abc import Iterator

from services.ingest.network_source import NetworkSource
from services.ingest.source import SourceOptions, VideoPacket
from shared.domain.camera_url import CameraUrl


class HttpSource(NetworkSource):
    """FFmpeg's HTTP client. What has a length is a recording and is paced; what has none is live."""

    def __init__(self, address: CameraUrl, *, options: SourceOptions) -> None:
        ffmpeg = {
            "user_agent": "Argus",
            # A play-list may name anything: keep it away from local files and other protocols.
            "protocol_whitelist": "http,https,tcp,tls,crypto,httpproxy",
        }
        super().__init__(address, options=options, ffmpeg=ffmpeg)

    def packets(self) -> Iterator[VideoPacket]:
        # HLS comes in bursts of whole segments, and a recording as fast as it can be read.
        recorded = self._av.duration_s is not None
        bursts = recorded or self._av.format == "hls"
        return self._av.paced_packets(may_end=recorded) if bursts else self._av.packets()
