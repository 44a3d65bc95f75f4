"""What the judge says of an alert that stands for several events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.alerts.notice import Notice
from shared.db.tables import Alert, IncidentTelling, Judgement


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one event; without a `verdict` nothing was, or nobody was asked."""

    verdict: str | None
    ai_response: str | None = None
    threat_level: int | None = None
    at: datetime | None = None


def strongest(said: Sequence[Said]) -> Said:
    """The verdict on all of them together. Pure.

    What was confirmed once is confirmed, in the words about the greatest threat. Only what was rejected of every event
    is rejected; as long as one of them stands, so does the whole.
    """
    confirmed = [each for each in said if each.verdict == "confirmed"]
    if confirmed:
        return max(confirmed, key=lambda each: (each.threat_level or 0, _when(each)))
    if said and all(each.verdict == "rejected" for each in said):
        return max(said, key=_when)
    return next((each for each in said if each.verdict == "unverified"), Said(None))


def note_verdict(session: Session, judgement: Judgement) -> bool:
    """Keep with an event of an incident what was said of it; False where that is known, or something newer."""
    telling = session.get(IncidentTelling, judgement.event_uuid, populate_existing=True)
    if telling is None or (telling.judged_at is not None and telling.judged_at >= judgement.at):
        return False
    telling.verdict, telling.ai_response = judgement.verdict, judgement.ai_response
    telling.threat_level, telling.judged_at = judgement.threat_level, judgement.at
    session.flush()
    return True


def verdict_of(session: Session, alert: Alert, notice: Notice) -> dict[str, Any]:
    """What the notice of the alert is to say of it now that it stands for the events it is told of."""
    rows = session.scalars(select(IncidentTelling).where(IncidentTelling.alert_id == alert.id))
    said = [Said(row.verdict, row.ai_response, row.threat_level, row.judged_at) for row in rows]
    found = strongest(said)
    times = [each.at for each in (*said, Said(None, at=notice.judged_at)) if each.at is not None]
    return {
        "verdict": found.verdict,
        "ai_response": found.ai_response,
        "threat_level": found.threat_level,
        "judged_at": max(times, default=None),
    }


def _when(said: Said) -> float:
    return said.at.timestamp() if said.at is not None else 0.0
