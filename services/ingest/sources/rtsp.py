"""RTSP and RTSPS cameras, over TCP or UDP."""

from __future__ import annotations

from services.ingest.network_source import NetworkSource
from services.ingest.source import SourceOptions
from shared.domain.camera_url import CameraUrl


class RtspSource(NetworkSource):
    """FFmpeg's RTSP client: Basic and Digest from the address; video alone, unless asked for sound."""

    def __init__(self, address: CameraUrl, *, options: SourceOptions) -> None:
        ffmpeg = {
            "rtsp_transport": address.transport,
            "allowed_media_types": "video+audio" if options.audio else "video",
            "user_agent": "Argus",
            # UDP: room for the burst of a keyframe, and half a second to bring packets back into order.
            "buffer_size": "4194304",
            "max_delay": "500000",
        }
        super().__init__(address, options=options, ffmpeg=ffmpeg)

    @property
    def has_audio(self) -> bool | None:
        return self._av.has_audio if self._options.audio else None
