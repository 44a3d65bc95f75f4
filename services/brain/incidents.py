"""Which incident an event belongs to. Everything works in the caller's transaction, in which the event is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.brain.timeline import EventDraft
from shared.db.insert import insert
from shared.db.tables import Event, Incident, IncidentSlot
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

    A single rule that has no incidents is enough for that: it is to be heard. Where one has those of things
    (`incident_per` track), the event goes with what was told of the same thing before, whichever rule found that.
    """
    if not rules or any(rule.incident_window_s <= 0 for rule in rules):
        return None
    rule = max(rules, key=lambda each: (each.incident_per == "track", each.severity))
    slot = _locked_slot(session, draft, rule)
    newest = _of_thing(session, draft) if _is_of_thing(draft, rule) else slot.incident_id
    # Locked besides: an incident that a rule has begun may be gone on with because of the thing, by another slot.
    known = session.get(Incident, newest, populate_existing=True, with_for_update=True) if newest else None
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


def prolong(session: Session, incident: str, *, until: datetime) -> None:
    """The thing that it is about did something worth telling at that time."""
    session.execute(update(Incident).where(Incident.id == incident, Incident.last_at < until).values(last_at=until))


def _is_of_thing(draft: EventDraft, rule: Rule) -> bool:
    """Whether what the event is about decides. What shows nobody in particular goes by its camera."""
    return rule.incident_per == "track" and draft.presence is not None


def _of_thing(session: Session, draft: EventDraft) -> str | None:
    """The incident of the last event of the same track: the tracker found again what it had lost."""
    if draft.presence is None:
        return None
    query = select(Event.incident_id).where(
        Event.camera_slug == draft.camera.slug,
        Event.occurred_at.between(draft.at - LONGEST, draft.at + LONGEST),
        Event.track_id == draft.presence.track_id,
        Event.label == draft.label,
        Event.incident_id.is_not(None),
        Event.uuid != draft.uuid,
    )
    return session.scalar(query.order_by(Event.occurred_at.desc(), Event.id.desc()).limit(1))


def _locked_slot(session: Session, draft: EventDraft, rule: Rule) -> IncidentSlot:
    account = "" if draft.camera.account_id is None else str(draft.camera.account_id)
    place = f"{account}/{'' if rule.incident_per == 'rule' else draft.camera.slug}"
    # Rules of the same thing wait for each other.
    slug = "" if _is_of_thing(draft, rule) else rule.slug
    values = {"rule_slug": slug, "place": place, "incident_id": ""}
    session.execute(insert(session, IncidentSlot).values(**values).on_conflict_do_nothing())
    wanted = select(IncidentSlot).where(IncidentSlot.rule_slug == slug, IncidentSlot.place == place)
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
