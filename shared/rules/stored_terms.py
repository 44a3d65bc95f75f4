"""What the zones that are stored ask of rules."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.cameras import Camera, ZoneRow
from shared.rules.zone_terms import ZoneTerms


def read_terms(session: Session, *, camera: str | None = None) -> dict[str, dict[str, ZoneTerms]]:
    """What zones ask, by camera and name: those that ask anything; of one camera alone where that is said."""
    query = select(Camera.slug, ZoneRow.name, ZoneRow.alert_duration_s, ZoneRow.notification_enabled).join(
        Camera, ZoneRow.camera_id == Camera.id
    )
    if camera is not None:
        query = query.where(Camera.slug == camera)
    found: dict[str, dict[str, ZoneTerms]] = {}
    for slug, name, alert_duration_s, notification_enabled in session.execute(query):
        terms = ZoneTerms(alert_duration_s, notification_enabled)
        if not terms.are_usual:
            found.setdefault(slug, {})[name] = terms
    return found
