"""Ingest → brain: what befell a camera."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from shared.domain.camera import CameraFault
from shared.messages.message import Message, UtcTime


class CameraWentDown(Message):
    """A camera has given no pictures since `since`, long enough for people to be told."""

    camera: str
    since: UtcTime
    fault: CameraFault
    detail: str = ""

    @classmethod
    def example(cls) -> Self:
        return cls(
            camera="cam_001",
            since=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
            fault=CameraFault.AUTH_FAILED,
            detail="the camera refused the user name or password (401)",
        )


class CameraCameUp(Message):
    """A camera that was reported down gives pictures again. `since` is the one of `CameraWentDown`."""

    camera: str
    since: UtcTime
    at: UtcTime

    @classmethod
    def example(cls) -> Self:
        return cls(
            camera="cam_001",
            since=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
            at=datetime(2026, 1, 15, 10, 42, tzinfo=UTC),
        )


class GapRecorded(Message):
    """No footage of the camera exists between the two times."""

    camera: str
    started_at: UtcTime
    ended_at: UtcTime
    fault: CameraFault

    @classmethod
    def example(cls) -> Self:
        return cls(
            camera="cam_001",
            started_at=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
            ended_at=datetime(2026, 1, 15, 10, 30, 12, tzinfo=UTC),
            fault=CameraFault.NETWORK,
        )
