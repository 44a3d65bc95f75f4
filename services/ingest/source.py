"""The contract of a source: one connection to one camera."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import av
from av.video.stream import VideoStream

from services.ingest.sources import CATALOGUE
from shared.domain.camera_url import CameraUrl
from shared.plugin import load_class

VideoPacket: TypeAlias = "av.Packet[VideoStream]"


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """`connect_timeout_s` bounds reaching the camera, `stall_timeout_s` any silence after that.

    With `audio` the source asks for the sound as well, where it has to be asked for; only to tell whether there is any.
    """

    connect_timeout_s: float = 10.0
    stall_timeout_s: float = 8.0
    audio: bool = False


class Source(Protocol):
    """One connection. Used by one thread; never used again after `close`.

    Every method that blocks gives up after the time-outs it was made with and raises `SourceFailed`, whose text
    holds no credentials.
    """

    def open(self) -> VideoStream:
        """Reach the camera and find its video. Blocks."""

    def packets(self) -> Iterator[VideoPacket]:
        """The packets of the video as they come; ends only when the source has ended on purpose. Blocks.

        Sources that are read and not live are paced at their own rate (unless asked for speed).
        """

    @property
    def live(self) -> bool:
        """Whether the clock of the arrivals counts. What is read from a store waits for its reader instead."""

    @property
    def has_audio(self) -> bool | None:
        """Whether there is sound; None before `open`, and where nobody asked."""

    def close(self) -> None:
        """Let go of the connection; safe at any time on the thread that uses it."""


class SourceClass(Protocol):
    """What the CATALOGUE names."""

    def __call__(self, address: CameraUrl, *, options: SourceOptions) -> Source: ...


def make_source(address: CameraUrl, *, options: SourceOptions) -> Source:
    """The source for the address's scheme. Opens nothing. Raises `UserError` for a scheme without a plug-in."""
    source: SourceClass = load_class("source", address.scheme, catalogue=CATALOGUE, field="url")
    return source(address, options=options)
