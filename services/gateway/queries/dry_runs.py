"""What there is to try a rule on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.db.cameras import Camera
from shared.db.decisions import DecisionRow
from shared.db.events import Event
from shared.domain.presence import Presence
from shared.messages.presences import PresenceBody

MOST_PRESENCES = 2_000
_ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A presence that is over or was noted while it was there; `event` is the one that was raised of it.

    `known_false`: the brain let no rule fire on it, because people had marked the like as false alarms.
    """

    presence: Presence
    event: Event | None
    known_false: bool = False

    @property
    def results(self) -> dict[str, Any]:
        """What specialists found about it."""
        return dict(self.event.module_results) if self.event is not None else {}


def seen_on(session: Session, camera: Camera, *, since: datetime, until: datetime) -> tuple[Sequence[Seen], bool]:
    """The presences of a camera that lasted into that time, the first ones first; and whether there were too many.

    What another account's camera of the same id saw is not told.
    """
    query = (
        select(DecisionRow)
        .where(
            DecisionRow.camera_slug == camera.slug,
            DecisionRow.account_id == camera.account_id,
            DecisionRow.started_at < until,
            or_(DecisionRow.ended_at.is_(None), DecisionRow.ended_at >= since),
        )
        .order_by(DecisionRow.started_at.desc(), DecisionRow.presence_id.desc())
        .limit(MOST_PRESENCES + 1)
    )
    rows = session.scalars(query).all()
    presences = [PresenceBody.model_validate(row.state).presence() for row in rows[:MOST_PRESENCES]]
    events = _events_of(session, [presence.id for presence in presences])
    false = {row.presence_id for row in rows if any(each["outcome"] == "known_false" for each in row.decisions)}
    found = [Seen(each, events.get(each.id), known_false=each.id in false) for each in reversed(presences)]
    return found, len(rows) > MOST_PRESENCES


def _events_of(session: Session, presence_ids: Sequence[str]) -> dict[str, Event]:
    found: dict[str, Event] = {}
    for start in range(0, len(presence_ids), _ASKED_AT_ONCE):
        page = presence_ids[start : start + _ASKED_AT_ONCE]
        for event in session.scalars(select(Event).where(Event.presence_id.in_(page))):
            if event.presence_id is not None:
                found[event.presence_id] = event
    return found
