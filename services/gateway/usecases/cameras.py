"""Adding, changing and removing cameras through the API."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.cameras import told_size
from shared.accounts.audit import record
from shared.cameras.registry import (
    CameraChange,
    NewCamera,
    add_camera,
    camera_named,
    change_camera,
    remove_camera,
)
from shared.cameras.zones import PictureSize
from shared.db.cameras import Camera
from shared.messages.commands import SyncCamera


def add(gateway: Gateway, principal: Principal, new: NewCamera, *, picture: PictureSize | None) -> Camera:
    """Store a camera of the principal's and tell the services. Raises `InvalidInput`, `Conflict`."""
    now = gateway.now()
    with gateway.writing() as session:
        camera = add_camera(
            session, new, account_id=principal.account_id, rules=gateway.camera_rules, now=now, picture=picture
        )
        record(session, principal.actor, action="camera.add", target=camera.slug, now=now)
    gateway.order(SyncCamera(camera=camera.slug))
    return camera


def change(
    gateway: Gateway, principal: Principal, slug: str, change: CameraChange, *, picture: PictureSize | None
) -> Camera:
    """Change what is named of a camera the principal may see. Raises `NotFound`, `InvalidInput`."""
    now = gateway.now()
    size = picture or (told_size(gateway.statuses([slug]).get(slug)) if change.zones is not None else None)
    with gateway.writing() as session:
        camera = camera_named(session, slug, account_id=principal.visible_account)
        change_camera(session, camera, change, rules=gateway.camera_rules, now=now, picture=size)
        detail = {"fields": change.fields}
        record(session, principal.actor, action="camera.change", target=slug, now=now, detail=detail)
    gateway.order(SyncCamera(camera=slug))
    return camera


def remove(gateway: Gateway, principal: Principal, slug: str) -> None:
    """Delete a camera the principal may see; its events stay. Raises `NotFound`."""
    with gateway.writing() as session:
        camera = camera_named(session, slug, account_id=principal.visible_account)
        remove_camera(session, camera)
        record(session, principal.actor, action="camera.remove", target=slug, now=gateway.now())
    gateway.order(SyncCamera(camera=slug))
