"""What ingest and the eye answer to those who asked them. Answers travel on lists (`Replies`), not on streams."""

from __future__ import annotations

from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.domain.camera import CameraFault
from shared.domain.errors import InvalidMessage
from shared.messages.message import UtcTime
from shared.messages.presences import PresenceEnded


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


A = TypeVar("A", bound=_Answer)


class SnapshotAnswer(_Answer):
    """A camera's picture, taken at `captured_at`; or none (an empty `jpeg`), with the fault and its detail."""

    camera: str
    captured_at: UtcTime | None = None
    width: int = 0
    height: int = 0
    fault: CameraFault | None = None
    detail: str = ""
    jpeg: bytes = b""

    def packed(self) -> bytes:
        """A line of JSON, then the picture as it is."""
        return self.model_dump_json(exclude={"jpeg"}).encode() + b"\n" + self.jpeg

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """Raises `InvalidMessage` for what `packed` never wrote."""
        line, _, jpeg = content.partition(b"\n")
        return _read(cls, line).model_copy(update={"jpeg": jpeg})


class ProbeAnswer(_Answer):
    """What a camera sends, or (not `ok`) why it sends nothing. `busy`: too many probes run, nothing was tried.

    `has_audio` is None when it cannot be known. `latency_ms` is the time to the first decoded picture.
    """

    ok: bool
    busy: bool = False
    url: str = ""
    fault: CameraFault | None = None
    detail: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    keyframe_interval_s: float | None = None
    has_audio: bool | None = None
    latency_ms: int | None = None

    def packed(self) -> bytes:
        return self.model_dump_json().encode()

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """Raises `InvalidMessage` for what `packed` never wrote."""
        return _read(cls, content)


class ClipAnswer(_Answer):
    """Who is to be seen on a clip, each as last known; or (not `ok`) why nobody looked. `busy`: at another clip."""

    ok: bool
    busy: bool = False
    detail: str = ""
    detector: str = ""
    duration_s: float = 0.0
    pictures: int = 0
    presences: tuple[PresenceEnded, ...] = ()

    def packed(self) -> bytes:
        return self.model_dump_json().encode()

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """Raises `InvalidMessage` for what `packed` never wrote."""
        return _read(cls, content)


def _read(kind: type[A], content: bytes) -> A:
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise InvalidMessage(f"{kind.__name__} cannot be read: {error.error_count()} wrong fields") from error
