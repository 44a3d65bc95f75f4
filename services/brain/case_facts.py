"""What the database knows of an event that a judge should know too."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.brain.precedents import precedents
from services.brain.prompt import CaseFacts
from shared.db.tables import Account, Camera, Case, Event, RuleRow
from shared.domain.recipient import LANGUAGES, Language
from shared.messages.events import EventRaised
from shared.modules.notes import is_note


def facts_of(session: Session, event_id: int, *, language: Language) -> CaseFacts | None:
    """The event as it is now, with what specialists have found by now; None when it is gone.

    `language` is for accounts that have set none.
    """
    event = session.get(Event, event_id)
    if event is None:
        return None
    camera = session.scalar(select(Camera.name).where(Camera.slug == event.camera_slug))
    own = session.scalar(select(Account.language).where(Account.id == event.account_id))
    case = session.get(Case, event_id)
    rules = session.execute(select(RuleRow.slug, RuleRow.name, RuleRow.condition).where(RuleRow.slug.in_(event.rules)))
    named = {slug: (name, condition) for slug, name, condition in rules}
    return CaseFacts(
        camera=camera or event.camera_slug,
        label=event.label,
        confidence=event.confidence,
        zones=tuple(event.zones),
        rules=tuple(named.get(slug, (slug, {})) for slug in event.rules),
        started_at=event.started_at,
        at=event.occurred_at if case is None else _decided_at(case, event),
        findings={name: found for name, found in event.module_results.items() if not is_note(found)},
        false_alarms=tuple(
            {
                "at": each.at.isoformat(timespec="seconds"),
                "likeness": each.likeness,
                "judged_by": each.by,
                "comment": each.comment,
            }
            for each in precedents(session, event)
        ),
        language=cast("Language", own) if own in LANGUAGES else language,
    )


def _decided_at(case: Case, event: Event) -> datetime:
    """When what the judge is asked about was decided: a rule that asks may have fired long after the event began."""
    if case.withheld is not None:
        return EventRaised.model_validate_json(case.withheld).captured_at
    return max(event.occurred_at, case.opened_at)


def snapshot_of(session: Session, event_id: int) -> str | None:
    """The event's deciding picture, relative to the media store; a later one may be better than the first."""
    return session.scalar(select(Event.snapshot).where(Event.id == event_id))
