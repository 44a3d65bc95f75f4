"""Events and everything that hangs on them, within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import CursorResult, delete, exists, or_, select
from sqlalchemy.orm import Session

from shared.db.appearances import Appearance
from shared.db.deliveries import Alert, Delivery, Judgement
from shared.db.events import Event, Recognition
from shared.db.incidents import IncidentTelling
from shared.db.unindexed import Unindexed
from shared.db.verdicts import Case
from shared.retention.leftovers import LeftPicture
from shared.retention.pictures import kept_of

_SETTLED: Final = ("sent", "failed", "dead", "cancelled")
"""Deliveries in any other state still have somebody to tell."""


def lock_deletable(session: Session, ids: Sequence[int]) -> list[Event]:
    """Those of the events that may go, locked until the transaction ends; what somebody else has locked stays."""
    telling = exists().where(Delivery.event_uuid == Event.uuid, Unindexed(Delivery.__table__.c.state).not_in(_SETTLED))
    query = select(Event).where(Event.id.in_(ids), ~Event.legal_hold)
    query = query.where(~exists().where(Case.event_id == Event.id), ~telling)
    return list(session.scalars(query.with_for_update(skip_locked=True, of=Event)))


def remove_events(session: Session, events: Sequence[Event]) -> tuple[int, list[str]]:
    """Delete the events with their recognitions, alerts, deliveries, verdicts, opinions and appearances.

    How many recognitions those were, and the files that the events have shown.
    """
    ids, uuids = [event.id for event in events], [event.uuid for event in events]
    presences = [event.presence_id for event in events if event.presence_id is not None]
    files = [path for path in dict.fromkeys(one for event in events for one in (event.snapshot, event.crop)) if path]
    gone = session.execute(delete(Recognition).where(Recognition.event_id.in_(ids)))
    session.execute(delete(Alert).where(Alert.event_uuid.in_(uuids)))
    session.execute(delete(IncidentTelling).where(IncidentTelling.event_uuid.in_(uuids)))
    session.execute(delete(Judgement).where(Judgement.event_uuid.in_(uuids)))
    session.execute(
        delete(Appearance).where(or_(Appearance.presence_id.in_(presences), Appearance.event_uuid.in_(uuids)))
    )
    # What else hangs on an event the database deletes with it.
    session.execute(delete(Event).where(Event.id.in_(ids)).execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", gone).rowcount, files


def unshown(session: Session, files: Sequence[str]) -> list[str]:
    """Those of the files that neither another event, whosever picture it shows, nor a face that was kept shows."""
    if not files:
        return []
    pictures = [LeftPicture.named(*path.rpartition("/")[::2]) for path in files]
    kept = kept_of(session, pictures)
    return [picture.path for picture in pictures if picture.path not in kept.paths]
