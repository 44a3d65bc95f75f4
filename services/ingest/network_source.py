"""What the sources on the network share: a camera that is knocked at, then opened with FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from av.video.stream import VideoStream

from services.ingest.avsource import AvSource
from services.ingest.reachability import knock
from services.ingest.source import SourceOptions, VideoPacket
from shared.domain.camera_url import CameraUrl


class NetworkSource:
    """A `Source` that is live. A subclass gives FFmpeg's options, and reads packets in another way where it must."""

    live = True

    def __init__(self, address: CameraUrl, *, options: SourceOptions, ffmpeg: Mapping[str, str]) -> None:
        self._address = address
        self._options = options
        self._av = AvSource(
            url=address.url,
            options=ffmpeg,
            open_timeout_s=options.stall_timeout_s,
            read_timeout_s=options.stall_timeout_s,
        )

    def open(self) -> VideoStream:
        # FFmpeg does not tell a camera that is away from one that is slow: the bare connection does.
        knock(self._address, timeout_s=self._options.connect_timeout_s)
        return self._av.open()

    def packets(self) -> Iterator[VideoPacket]:
        return self._av.packets()

    @property
    def has_audio(self) -> bool | None:
        return self._av.has_audio

    def close(self) -> None:
        self._av.close()
