"""Zones that are removed, or were drawn before their camera's resolution was known."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.cameras import told_size
from shared.accounts.audit import Actor, record
from shared.cameras.registry import CameraChange, camera_named, cameras_with_waiting_zones, change_camera, settle_zones
from shared.domain.camera import CameraStatus
from shared.domain.errors import NotFound
from shared.messages.commands import SyncCamera
from shared.observability import get_logger

log = get_logger("gateway.zones")

_ACTOR = Actor(principal="gateway")


def clear_zones(gateway: Gateway, principal: Principal, slug: str) -> int:
    """Remove all zones of a camera the principal may see; how many there were. Raises `NotFound`."""
    now = gateway.now()
    with gateway.writing() as session:
        camera = camera_named(session, slug, account_id=principal.visible_account)
        count = len(camera.zones)
        change_camera(session, camera, CameraChange(zones=()), rules=gateway.camera_rules, now=now)
        record(session, principal.actor, action="camera.change", target=slug, now=now, detail={"fields": ["zones"]})
    gateway.order(SyncCamera(camera=slug))
    return count


def settle_waiting_zones(gateway: Gateway) -> list[str]:
    """Put them where they were meant, for every camera that has told its resolution; the slugs of those changed."""
    with gateway.reads() as session:
        waiting = cameras_with_waiting_zones(session)
    statuses = gateway.statuses(waiting)
    settled = [slug for slug in waiting if _settle(gateway, slug, statuses.get(slug))]
    for slug in settled:
        log.info("zones_settled", camera=slug)
        gateway.order(SyncCamera(camera=slug))
    return settled


def _settle(gateway: Gateway, slug: str, status: CameraStatus | None) -> bool:
    size = told_size(status)
    if size is None:
        return False
    try:
        with gateway.writing() as session:
            camera = camera_named(session, slug)
            changed = settle_zones(session, camera, size)
            if changed:
                detail = {"resolution": f"{size.width}x{size.height}"}
                record(session, _ACTOR, action="camera.settle", target=slug, now=gateway.now(), detail=detail)
    except NotFound:
        return False  # deleted in the meantime
    return changed
