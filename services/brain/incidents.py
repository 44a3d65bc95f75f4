"""Which incident an event belongs to. Everything works in the caller's transaction, in which the event is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.brain.timeline import EventDraft
from shared.db.insert import insert
from shared.db.tables import Incident, IncidentSlot
from shared.domain import ids
from shared.rules.rule import Rule

LONGEST: Final = timedelta(hours=1)
"""From its first event to its last. What goes on for longer is a new incident, and people are told anew."""


def belongs(at: datetime, *, began_at: datetime, last_at: datetime, window_s: float) -> bool:
    """Whether an event of that time is part of an incident that so far lasts from `began_at` until `last_at`. Pure."""
    window = timedelta(seconds=window_s)
    is_near = began_at - window <= at <= last_at + window
    return is_near and max(at, last_at) - min(at, began_at) <= LONGEST


def join(session: Session, draft: EventDraft, rules: Sequence[Rule]) -> str | None:
    """The incident of an event that was just stored on behalf of `rules`, begun or gone on with; None: it stands alone.

    A single rule that has no incidents is enough for that: it is to be heard.
    """
    if not rules or any(rule.incident_window_s <= 0 for rule in rules):
        return None
    rule = max(rules, key=lambda each: each.severity)
    slot = _locked_slot(session, draft, rule)
    known = session.get(Incident, slot.incident_id, populate_existing=True) if slot.incident_id else None
    if known is not None and belongs(
        draft.at, began_at=known.began_at, last_at=known.last_at, window_s=rule.incident_window_s
    ):
        known.events += 1
        known.began_at, known.last_at = min(known.began_at, draft.at), max(known.last_at, draft.at)
        known.severity = max(known.severity, draft.severity)
        session.flush()
        return known.id
    return _begin(session, slot, draft, rule)


def deepen(session: Session, incident: str, *, severity: int) -> None:
    """A further rule fired on one of its events: it is as severe as that at least."""
    session.execute(
        update(Incident).where(Incident.id == incident, Incident.severity < severity).values(severity=severity)
    )


def _locked_slot(session: Session, draft: EventDraft, rule: Rule) -> IncidentSlot:
    account = "" if draft.camera.account_id is None else str(draft.camera.account_id)
    place = f"{account}/{draft.camera.slug if rule.incident_per == 'camera' else ''}"
    values = {"rule_slug": rule.slug, "place": place, "incident_id": ""}
    session.execute(insert(session, IncidentSlot).values(**values).on_conflict_do_nothing())
    wanted = select(IncidentSlot).where(IncidentSlot.rule_slug == rule.slug, IncidentSlot.place == place)
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one()


def _begin(session: Session, slot: IncidentSlot, draft: EventDraft, rule: Rule) -> str:
    made = Incident(
        id=ids.incident_id(draft.uuid),
        account_id=draft.camera.account_id,
        rule_slug=rule.slug,
        camera_slug=draft.camera.slug,
        began_at=draft.at,
        last_at=draft.at,
        events=1,
        severity=draft.severity,
    )
    session.add(made)
    slot.incident_id = made.id
    session.flush()
    return made.id
