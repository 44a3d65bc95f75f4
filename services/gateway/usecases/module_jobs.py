"""Having a specialist look at a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.events import event_of
from services.gateway.queries.photos import is_picture_of
from shared.accounts.audit import record
from shared.cameras.registry import camera_named
from shared.db.tables import Camera, Event
from shared.domain.camera_modules import own_options
from shared.domain.errors import Permanent, UserError
from shared.media.picture_head import picture_head
from shared.modules.order import ModuleOrder, PictureRef, new_job_id
from shared.modules.roster import ModuleInfo
from shared.modules.uploads import upload_path

_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be looked at: exactly one of `image_path`, `event_uuid` (bare) and `photo`.

    `camera` and `at` say where and when a picture was taken; an event knows that itself.
    """

    image_path: str | None = None
    event_uuid: str | None = None
    photo: bytes | None = None
    camera: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that was accepted; `ahead` counts the jobs before it, running ones too."""

    job_id: str
    module: str
    ahead: int


def trigger(gateway: Gateway, principal: Principal, name: str, wanted: Wanted) -> Queued:
    """Queue a job for the module. Nothing is stored of one that is refused.

    Raises `NotFound` for an unknown module, event or camera, `UserError` for a picture that will not be looked at,
    `Refusal` (503) when the module cannot run.
    """
    module = gateway.modules.ready(name)
    order = _order(gateway, principal, module, wanted)
    if wanted.photo is not None:
        gateway.media.write(order.pictures[0].path, wanted.photo)
    try:
        ahead = gateway.modules.submit(order)
    except BaseException:
        if wanted.photo is not None:
            gateway.media.delete(order.pictures[0].path)
        raise
    with gateway.writing() as session:
        detail = {"job_id": order.job_id, "event_uuid": order.event_uuid, "camera": order.camera}
        target = f"module:{name}"
        record(session, principal.actor, action="module.trigger", target=target, now=gateway.now(), detail=detail)
    return Queued(order.job_id, name, ahead)


def _order(gateway: Gateway, principal: Principal, module: ModuleInfo, wanted: Wanted) -> ModuleOrder:
    values: dict[str, Any] = {
        "job_id": new_job_id(),
        "module": module.name,
        "queue": module.queue,
        "asked_by": principal.account_id,
    }
    account_id = principal.visible_account
    with gateway.reads() as session:
        camera = camera_named(session, wanted.camera, account_id=account_id) if wanted.camera else None
        values["account_id"] = camera.account_id if camera is not None else principal.account_id
        if wanted.event_uuid is not None:
            event = event_of(session, wanted.event_uuid, account_id=account_id)
            camera = session.scalar(select(Camera).where(Camera.slug == event.camera_slug))
            return ModuleOrder(**{**values, **_of_event(event, module, wanted), **_options(camera, module.name)})
        path = gateway.media.relative(wanted.image_path or "")
        mine = not path or account_id is None or is_picture_of(session, path, account_id=account_id)
    if wanted.image_path is not None:
        path = _checked_path(gateway, path, mine=mine)
    if wanted.photo is not None:
        picture_head(wanted.photo)
        path = upload_path(values["job_id"], gateway.now())
    values |= {"scope": "scene" if "scene" in module.scopes else "object", "at": wanted.at or gateway.now()}
    values |= {"pictures": (PictureRef(path=path, at=wanted.at),), "camera": wanted.camera}
    return ModuleOrder(**{**values, **_options(camera, module.name)})


def _of_event(event: Event, module: ModuleInfo, wanted: Wanted) -> dict[str, Any]:
    """What an order about an event says: the crop for those who look at one thing, else the whole picture."""
    if wanted.camera is not None and wanted.camera != event.camera_slug:
        raise UserError("context.camera_id", "is not the camera of the event", remedy="leave it out")
    cropped = "object" in module.scopes and event.crop is not None
    path = event.crop if cropped else event.snapshot
    if path is None:
        raise UserError("event_uuid", "is an event without a picture", remedy="name another, or send a photo")
    return {
        "pictures": (PictureRef(path=path, at=event.occurred_at),),
        "scope": "object" if cropped or "scene" not in module.scopes else "scene",
        "at": event.occurred_at,
        "account_id": event.account_id,
        "camera": event.camera_slug,
        "label": event.label,
        "track_id": event.track_id,
        "presence_id": event.presence_id,
        "event_uuid": event.uuid,
        "trace_id": event.trace_id,
    }


def _checked_path(gateway: Gateway, path: str, *, mine: bool) -> str:
    """Raises `UserError`. Somebody else's picture is refused as one that is not there."""
    remedy = "give the path of an event's picture, or send the photo itself"
    try:
        there = gateway.media.exists(path)
    except Permanent:
        raise UserError("image_path", "is no path inside the media store", remedy=remedy) from None
    if not there or not mine or PurePosixPath(path).suffix.lower() not in _PICTURES:
        raise UserError("image_path", "names no picture in the media store", remedy=remedy)
    picture_head(gateway.media.read(path), field="image_path")
    return path


def _options(camera: Camera | None, module: str) -> Mapping[str, Any]:
    """The camera's own settings for the module. Who asks by hand is answered, even where the camera leaves it out."""
    return {"options": own_options(camera.options, module)} if camera is not None else {}
