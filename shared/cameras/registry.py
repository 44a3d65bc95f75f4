"""Adding, changing and removing cameras. Every function works in the caller's transaction and never commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from os import PathLike
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.cameras.zones import PictureSize, ZoneSpec, are_normalised, moved, normalised, problems_of, supposed_size
from shared.db.cameras import Camera, ZoneRow
from shared.db.events import Event
from shared.db.secrets import SecretBox
from shared.domain.camera_options import LOCATION, MODEL, RECOGNITION
from shared.domain.camera_url import CameraUrl, is_masked
from shared.domain.errors import Conflict, InvalidInput, NotFound, UserError
from shared.domain.ids import is_slug

PICTURE = "zone_picture"
MODULES = "modules"
"""The option under which a camera says how specialists treat it (`shared.domain.camera_modules`)."""
"""The option of a camera that holds the size its zones refer to: `{"width", "height", "known"}`."""

_GENERATED = re.compile(r"cam_(\d{3,9})")


@dataclass(frozen=True, slots=True)
class NewCamera:
    """A camera to add. `url` holds its credentials; no `slug` means the next free `cam_NNN`."""

    name: str
    url: str = field(repr=False)
    slug: str | None = None
    enabled: bool = True
    zones: tuple[ZoneSpec, ...] = ()
    modules: Mapping[str, Any] | None = None
    recognition: bool = True
    location: str = ""
    model: str | None = None


@dataclass(frozen=True, slots=True)
class CameraChange:
    """What to change; None keeps what is stored, as does a blank or masked `url`."""

    name: str | None = None
    url: str | None = field(default=None, repr=False)
    enabled: bool | None = None
    zones: tuple[ZoneSpec, ...] | None = None
    modules: Mapping[str, Any] | None = None
    recognition: bool | None = None
    location: str | None = None
    model: str | None = None

    @property
    def fields(self) -> list[str]:
        """The names of what is to change, for the audit trail."""
        given = {
            "name": self.name,
            "url": self.url or None,
            "enabled": self.enabled,
            "zones": self.zones,
            "modules": self.modules,
            "recognition": self.recognition,
            "location": self.location,
            "model": self.model,
        }
        return [name for name, value in given.items() if value is not None]


@dataclass(frozen=True, slots=True)
class CameraRules:
    """What validation needs to know of the installation."""

    file_roots: tuple[str | PathLike[str], ...]
    box: SecretBox


def add_camera(
    session: Session,
    new: NewCamera,
    *,
    account_id: int,
    rules: CameraRules,
    now: datetime,
    picture: PictureSize | None = None,
) -> Camera:
    """Store a camera. `picture` is the size the zones were drawn on, when it is known.

    Raises `InvalidInput` that names every wrong field, `Conflict` when the slug is taken. Afterwards publish
    `SyncCamera(camera=slug)` once the transaction is committed.
    """
    size = picture or supposed_size(new.zones)
    address = _checked(new.name, new.url, new.zones, rules=rules, size=size, slug=new.slug)
    if new.slug is not None and session.scalar(select(exists().where(Camera.slug == new.slug))):
        raise Conflict("id", f"{new.slug} exists already", remedy="choose another, or update it")
    camera = Camera(
        slug=new.slug or _next_slug(session),
        account_id=account_id,
        name=new.name,
        url_encrypted=rules.box.seal(new.url.strip()),
        url_masked=str(address.masked) if address else "",
        enabled=new.enabled,
        options=_with_picture(_with_modules(_said_of(new), new.modules), size, new.zones),
        created_at=now,
        updated_at=now,
        zones=_zone_rows(new.zones, size, now=now),
    )
    session.add(camera)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("id", f"{camera.slug} was added by somebody else just now", remedy="try again") from None
    return camera


def change_camera(
    session: Session,
    camera: Camera,
    change: CameraChange,
    *,
    rules: CameraRules,
    now: datetime,
    picture: PictureSize | None = None,
) -> Camera:
    """Change what `change` names. Raises `InvalidInput` before anything is touched."""
    size = picture or _size_for(camera, change.zones)
    url = None if change.url is None or is_masked(change.url) else change.url
    address = _checked(change.name, url, change.zones or (), rules=rules, size=size, slug=None)
    if change.name is not None:
        camera.name = change.name
    if url is not None and address is not None:
        camera.url_encrypted, camera.url_masked = rules.box.seal(url.strip()), address.masked
    if change.enabled is not None:
        camera.enabled = change.enabled
    if change.zones is not None:
        _replace_zones(camera, _zone_rows(change.zones, size, now=now))
        camera.options = _with_picture(camera.options, size, change.zones)
    if change.modules is not None:
        camera.options = _with_modules(camera.options, change.modules)
    camera.options = {**camera.options, **_said_of(change)}
    camera.updated_at = now
    session.flush()
    return camera


def remove_camera(session: Session, camera: Camera) -> None:
    """Delete a camera and its zones; its events stay."""
    session.delete(camera)
    session.flush()


def camera_named(session: Session, slug: str, *, account_id: int | None = None) -> Camera:
    """The camera; with `account_id`, only one of that account. Raises `NotFound`, which never hints at others'."""
    query = select(Camera).where(Camera.slug == slug)
    if account_id is not None:
        query = query.where(Camera.account_id == account_id)
    camera = session.scalar(query)
    if camera is None:
        raise NotFound("camera", f"there is no camera {slug!r}" if is_slug(slug) else "there is no such camera")
    return camera


def camera_numbered(session: Session, camera_id: int, *, account_id: int | None = None) -> Camera:
    """The camera of that number; otherwise like `camera_named`."""
    # One question for others' cameras and for none: an answer must not take longer where there is something to hide.
    query = select(Camera).where(Camera.id == camera_id)
    if account_id is not None:
        query = query.where(Camera.account_id == account_id)
    camera = session.scalar(query)
    if camera is None:
        raise NotFound("camera", f"there is no camera {camera_id}")
    return camera


def list_cameras(
    session: Session, *, account_id: int | None = None, enabled: bool | None = None, limit: int = 500, offset: int = 0
) -> Sequence[Camera]:
    """Cameras, newest first; of one account, or of all with None."""
    query = select(Camera).where(*_conditions(account_id, enabled=enabled))
    return session.scalars(query.order_by(Camera.id.desc()).limit(limit).offset(offset)).all()


def count_cameras(session: Session, *, account_id: int | None = None, enabled: bool | None = None) -> int:
    """How many cameras `list_cameras` would give without a limit."""
    query = select(func.count()).select_from(Camera).where(*_conditions(account_id, enabled=enabled))
    return int(session.scalar(query) or 0)


def picture_of(camera: Camera) -> PictureSize | None:
    """The size that the stored zones were drawn on; None when that was not known and does not matter."""
    stored = camera.options.get(PICTURE)
    if not isinstance(stored, dict):
        return None
    return PictureSize(width=int(stored["width"]), height=int(stored["height"]), known=bool(stored["known"]))


def settle_zones(session: Session, camera: Camera, real: PictureSize) -> bool:
    """Now that the camera has told its size, put zones drawn before that where they were meant.

    Returns whether anything changed (then publish `SyncCamera`). A zone that lies wholly outside the real
    picture is kept as it is: shrinking it to nothing would hide the mistake.
    """
    supposed = picture_of(camera)
    if supposed is None or supposed.known:
        return False
    for zone in camera.zones:
        points = moved(zone.points, supposed, real)
        zone.points = points if _is_polygon(points) else zone.points
    camera.options = {**camera.options, PICTURE: _as_option(real)}
    session.flush()
    return True


def cameras_with_waiting_zones(session: Session) -> list[str]:
    """The slugs of cameras whose zones were drawn before their resolution was known."""
    rows = session.execute(select(Camera.slug, Camera.options).where(Camera.enabled))
    found = ((slug, options.get(PICTURE)) for slug, options in rows)
    return [slug for slug, picture in found if isinstance(picture, dict) and not picture.get("known", True)]


def _conditions(account_id: int | None, *, enabled: bool | None) -> list[ColumnElement[bool]]:
    of_account = [Camera.account_id == account_id] if account_id is not None else []
    return of_account + ([Camera.enabled.is_(enabled)] if enabled is not None else [])


def _checked(
    name: str | None,
    url: str | None,
    zones: Sequence[ZoneSpec],
    *,
    rules: CameraRules,
    size: PictureSize,
    slug: str | None,
) -> CameraUrl | None:
    problems: list[UserError] = []
    address = None
    if slug is not None and not is_slug(slug):
        remedy = "1–64 letters, digits, _ or -, beginning with a letter or digit"
        problems.append(UserError("id", "is not a valid id", remedy=remedy))
    if name is not None and (not name.strip() or len(name) > 128):
        problems.append(UserError("name", "has no or more than 128 characters", remedy="name the camera"))
    if url is not None:
        try:
            address = CameraUrl.parse(url, file_roots=rules.file_roots)
        except UserError as error:
            problems.append(error)
    problems += problems_of(zones, size)
    if problems:
        raise InvalidInput(problems)
    return address


def _size_for(camera: Camera, zones: tuple[ZoneSpec, ...] | None) -> PictureSize:
    stored = picture_of(camera)
    return stored if stored is not None and stored.known else supposed_size(zones or ())


def _replace_zones(camera: Camera, rows: Sequence[ZoneRow]) -> None:
    """The camera's zones are `rows` from now on. One of a name that is there keeps its number and its age."""
    known = {zone.name: zone for zone in camera.zones}
    camera.zones = [_redrawn(known[row.name], row) if row.name in known else row for row in rows]


def _redrawn(zone: ZoneRow, like: ZoneRow) -> ZoneRow:
    zone.points, zone.labels, zone.sensitivity = like.points, like.labels, like.sensitivity
    zone.alert_duration_s, zone.notification_enabled = like.alert_duration_s, like.notification_enabled
    return zone


def _zone_rows(specs: Iterable[ZoneSpec], size: PictureSize, *, now: datetime) -> list[ZoneRow]:
    return [
        ZoneRow(
            name=spec.name,
            points=normalised(spec, size, field="points"),
            labels=list(spec.labels),
            sensitivity=spec.sensitivity,
            alert_duration_s=spec.alert_duration_s,
            notification_enabled=spec.notification_enabled,
            created_at=now,
        )
        for spec in specs
    ]


def _said_of(camera: NewCamera | CameraChange) -> dict[str, Any]:
    """The options that are said in one word; those of which nothing is said are left out."""
    said = {RECOGNITION: camera.recognition, LOCATION: camera.location, MODEL: camera.model}
    return {name: value for name, value in said.items() if value is not None}


def _with_modules(options: dict[str, Any], modules: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options with what is said of the specialists instead of what was: sound already, as far as is known here."""
    kept = {name: value for name, value in options.items() if name != MODULES}
    return {**kept, MODULES: dict(modules)} if modules else kept


def _with_picture(options: dict[str, Any], size: PictureSize, zones: Sequence[ZoneSpec]) -> dict[str, Any]:
    kept = {name: value for name, value in options.items() if name != PICTURE}
    # Zones written as fractions need no settling, so a supposed size is not worth keeping.
    return kept if not size.known and are_normalised(zones) else {**kept, PICTURE: _as_option(size)}


def _as_option(size: PictureSize) -> dict[str, Any]:
    return {"width": size.width, "height": size.height, "known": size.known}


def _is_polygon(points: list[list[float]]) -> bool:
    try:
        normalised(ZoneSpec(name="", points=tuple((x, y) for x, y in points)), PictureSize(1, 1), field="")
    except UserError:
        return False
    return True


def _next_slug(session: Session) -> str:
    """The next free `cam_NNN`. A number whose camera was deleted but has events is not used again."""
    slugs = session.scalars(select(Camera.slug).where(Camera.slug.like("cam\\_%", escape="\\")))
    numbers = [int(match[1]) for slug in slugs if (match := _GENERATED.fullmatch(slug))]
    number = max(numbers, default=0) + 1
    while session.scalar(select(exists().where(Event.camera_slug == f"cam_{number:03d}"))):
        number += 1
    return f"cam_{number:03d}"
