"""A camera's state as people and services speak of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CameraState(StrEnum):
    CONNECTING = "connecting"
    STREAMING = "streaming"
    OFFLINE = "offline"
    ERROR = "error"
    DISABLED = "disabled"


class CameraFault(StrEnum):
    """Why a camera gives no pictures."""

    AUTH_FAILED = "auth_failed"
    NOT_FOUND = "not_found"
    TIMEOUT = "timeout"
    UNSUPPORTED_CODEC = "unsupported_codec"
    NETWORK = "network"
    STALLED = "stalled"
    TLS = "tls"
    INVALID_URL = "invalid_url"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """What ingest knows of a camera now. `fps` is measured, `width` × `height` in pixels."""

    state: CameraState
    since: datetime
    fault: CameraFault | None = None
    detail: str = ""
    fps: float = 0.0
    width: int = 0
    height: int = 0
    codec: str = ""
    last_frame_at: datetime | None = None
