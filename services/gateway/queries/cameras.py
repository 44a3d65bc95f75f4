"""Cameras as people see them: what is stored, with what ingest tells of them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from shared.cameras.registry import MODULES, camera_named, camera_numbered, count_cameras, list_cameras, picture_of
from shared.cameras.zones import PictureSize, in_pixels
from shared.db.cameras import Camera
from shared.domain.camera import CameraState, CameraStatus
from shared.domain.camera_options import location_of, model_of, recognises

# What zones given as fractions are shown on while nothing is known of the camera.
_USUAL = PictureSize(width=1920, height=1080, known=False)
_NEW_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone with its points in pixels of the camera's picture."""

    id: int
    name: str
    points: list[list[int]]
    sensitivity: float
    labels: list[str]
    alert_duration_s: float
    notification_enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CameraView:
    """A camera now. `fps` is measured; `resolution` and `last_frame_at` are None until it was reached.

    `model` is the name by which a client asked for the model, if it did.
    """

    slug: str
    name: str
    url: str
    enabled: bool
    zones: list[ZoneView]
    state: CameraState
    fault: str | None
    detail: str
    fps: float
    resolution: str | None
    last_frame_at: datetime | None
    id: int
    recognition: bool
    location: str
    model: str | None
    created_at: datetime
    updated_at: datetime
    modules: Mapping[str, Any] = field(default_factory=dict)


def cameras_page(
    session: Session, *, account_id: int | None, enabled: bool | None, limit: int, offset: int
) -> tuple[Sequence[Camera], int]:
    """A page of cameras, newest first, and the number of all that fit."""
    rows = list_cameras(session, account_id=account_id, enabled=enabled, limit=limit, offset=offset)
    return rows, count_cameras(session, account_id=account_id, enabled=enabled)


def one_camera(session: Session, slug: str, *, account_id: int | None) -> Camera:
    """The camera; with `account_id`, only one of that account. Raises `NotFound`."""
    return camera_named(session, slug, account_id=account_id)


def camera_slug(session: Session, camera_id: int, *, account_id: int | None) -> str:
    """What a camera that clients know by its number is called inside. Raises `NotFound`."""
    return camera_numbered(session, camera_id, account_id=account_id).slug


def camera_view(camera: Camera, status: CameraStatus | None, *, now: datetime) -> CameraView:
    """Join what is stored and what is told."""
    size = display_size(camera, status)
    streaming = status is not None and status.state is CameraState.STREAMING and camera.enabled
    return CameraView(
        slug=camera.slug,
        name=camera.name,
        url=camera.url_masked,
        enabled=camera.enabled,
        zones=[
            ZoneView(
                id=zone.id,
                name=zone.name,
                points=in_pixels(zone.points, size),
                sensitivity=zone.sensitivity,
                labels=list(zone.labels),
                alert_duration_s=zone.alert_duration_s,
                notification_enabled=zone.notification_enabled,
                created_at=zone.created_at,
            )
            for zone in camera.zones
        ],
        state=_state(camera, status, now),
        fault=status.fault.value if status is not None and status.fault is not None and camera.enabled else None,
        detail=status.detail if status is not None and camera.enabled else "",
        fps=status.fps if status is not None and streaming else 0.0,
        resolution=_resolution(status),
        last_frame_at=status.last_frame_at if status is not None else None,
        id=camera.id,
        recognition=recognises(camera.options),
        location=location_of(camera.options),
        model=model_of(camera.options),
        created_at=camera.created_at,
        updated_at=camera.updated_at,
        modules=(camera.options or {}).get(MODULES) or {},
    )


def told_size(status: CameraStatus | None) -> PictureSize | None:
    """The resolution that the camera told, if it did."""
    if status is None or status.width <= 0 or status.height <= 0:
        return None
    return PictureSize(width=status.width, height=status.height)


def display_size(camera: Camera, status: CameraStatus | None) -> PictureSize:
    """The picture on which the camera's zones are to be shown.

    While zones still refer to a supposed picture they are shown on that one: the pixels a person wrote come back.
    """
    drawn_on = picture_of(camera)
    if drawn_on is not None and not drawn_on.known:
        return drawn_on
    return told_size(status) or drawn_on or _USUAL


def _state(camera: Camera, status: CameraStatus | None, now: datetime) -> CameraState:
    if not camera.enabled:
        return CameraState.DISABLED
    if status is not None:
        return CameraState.CONNECTING if status.state is CameraState.DISABLED else status.state
    return CameraState.CONNECTING if now - camera.updated_at < _NEW_FOR else CameraState.OFFLINE


def _resolution(status: CameraStatus | None) -> str | None:
    size = told_size(status)
    return f"{size.width}x{size.height}" if size is not None else None
