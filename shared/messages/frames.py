"""Ingest → eye."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Self

from pydantic import Field

from shared.messages.message import Message, UtcTime


class FrameCaptured(Message):
    """One decoded picture of a camera.

    `session` names one unbroken run of the source: another one means a gap, and trackers start anew.
    `seq` counts the camera's frames within a session. `captured_at` is the wall-clock time (UTC) at which the
    picture was taken, as well as ingest can know. `width` × `height` are the JPEG's; the camera's own picture is
    `source_width` × `source_height`.
    """

    BINARY: ClassVar[frozenset[str]] = frozenset({"jpeg"})

    camera: str
    session: str
    seq: int = Field(ge=0)
    captured_at: UtcTime
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    source_width: int = Field(gt=0)
    source_height: int = Field(gt=0)
    jpeg: bytes = b""

    @classmethod
    def example(cls) -> Self:
        return cls(
            trace_id="5f1c",
            camera="cam_001",
            session="0197a",
            seq=42,
            captured_at=datetime(2026, 1, 15, 10, 30, 45, 120000, tzinfo=UTC),
            width=1920,
            height=1080,
            source_width=3840,
            source_height=2160,
            jpeg=b"\xff\xd8\xff\xd9",
        )
