"""Cameras as the pipeline needs them: plain values with the URL decrypted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.cameras import Camera, ZoneRow
from shared.db.secrets import SecretBox
from shared.domain.camera_options import recognises
from shared.domain.label_groups import meant
from shared.domain.polygon import Polygon
from shared.domain.zone import Zone
from shared.observability import get_logger

log = get_logger("db.cameras")


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One enabled camera. `url` holds its credentials: never log it. Two equal values mean nothing changed."""

    slug: str
    name: str
    account_id: int
    url: str = field(repr=False)
    zones: tuple[Zone, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def enabled_cameras(session: Session, box: SecretBox) -> dict[str, CameraConfig]:
    """Every enabled camera by its slug."""
    rows = session.scalars(select(Camera).where(Camera.enabled))
    return {row.slug: _config(row, box) for row in rows}


def zones_by_camera(session: Session) -> dict[str, tuple[Zone, ...]]:
    """The zones of every enabled camera whose pictures are to be looked at, by its slug; needs no secret."""
    rows = session.scalars(select(Camera).where(Camera.enabled))
    return {row.slug: _zones(row) for row in rows if recognises(row.options)}


def _zones(row: Camera) -> tuple[Zone, ...]:
    return tuple(zone for zone in map(_zone, row.zones) if zone is not None)


def _zone(row: ZoneRow) -> Zone | None:
    """The zone; None when what is stored is no polygon, which must cost this zone and not every camera."""
    try:
        polygon = Polygon.of(row.points)
    except (ValueError, TypeError) as error:
        log.warning("zone_unreadable", zone=row.name, zone_id=row.id, reason=str(error))
        return None
    return Zone(name=row.name, polygon=polygon, labels=meant(row.labels), sensitivity=row.sensitivity)


def _config(row: Camera, box: SecretBox) -> CameraConfig:
    return CameraConfig(
        slug=row.slug,
        name=row.name,
        account_id=row.account_id,
        url=box.open(row.url_encrypted),
        zones=_zones(row),
        options=dict(row.options),
    )
