"""A camera's status as ingest keeps it in the hash `CAMERA_STATUS`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.domain.camera import CameraFault, CameraState, CameraStatus

STATUS_TTL_S = 120
"""How long a status stays when nobody renews it: an ingest that takes the camera over learns what was told."""
STATUS_RENEW_S = 5.0
"""How often ingest renews the statuses of its cameras, whether or not anything changed."""
STATUS_FRESH_S = 15.0
"""A status that was not renewed for this long is history: its ingest died, and no other has taken the camera."""


def status_fields(status: CameraStatus, *, told_down_since: datetime | None = None) -> dict[str, str]:
    """The hash's fields: plain text, times in ISO-8601, empty where there is nothing to say.

    `told_down_since` is set while people have been told that the camera is down.
    """
    return {
        "state": status.state.value,
        "since": status.since.isoformat(),
        "fault": status.fault.value if status.fault else "",
        "detail": status.detail,
        "fps": f"{status.fps:.2f}",
        "width": str(status.width),
        "height": str(status.height),
        "codec": status.codec,
        "last_frame_at": _iso(status.last_frame_at),
        "told_down_since": _iso(told_down_since),
    }


def read_status(fields: Mapping[Any, Any]) -> CameraStatus | None:
    """The status in a hash (of bytes or text), or None when ingest has written none that can be read."""
    text = _as_text(fields)
    try:
        return CameraStatus(
            state=CameraState(text["state"]),
            since=datetime.fromisoformat(text["since"]),
            fault=CameraFault(text["fault"]) if text.get("fault") else None,
            detail=text.get("detail", ""),
            fps=float(text.get("fps") or 0),
            width=int(text.get("width") or 0),
            height=int(text.get("height") or 0),
            codec=text.get("codec", ""),
            last_frame_at=_time(text.get("last_frame_at", "")),
        )
    except (KeyError, ValueError):
        return None


def read_told_down_since(fields: Mapping[Any, Any]) -> datetime | None:
    """Since when people know the camera to be down, or None."""
    try:
        return _time(_as_text(fields).get("told_down_since", ""))
    except ValueError:
        return None


def _as_text(fields: Mapping[Any, Any]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in fields.items()}


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
