"""Events of an incident as one alert: the first makes it, later ones amend it, and what is more than that is told anew.

Everything here runs inside a transaction of the caller, who stores what is told anew in the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.alerts.amending import Amender
from services.alerts.hint import Hint
from services.alerts.incident_verdict import verdict_of
from services.alerts.notice import Latest, Notice
from services.alerts.policy import Recipient
from shared.db.insert import insert
from shared.db.tables import Alert, Delivery, Event, IncidentAlert, IncidentTelling
from shared.domain import ids
from shared.messages.events import EventRaised

PACE: Final = timedelta(seconds=10)
"""Between two amendments of an alert to the same recipient. The last is always told."""


class Incidents:
    """Decides whether an event of an incident is told anew, and puts it into the incident's alert where it is not."""

    def __init__(self, amender: Amender) -> None:
        self._amender = amender

    def lock(self, session: Session, events: Iterable[EventRaised]) -> None:
        """Hold the incidents of these events until the transaction ends."""
        wanted = sorted({event.incident_id for event in events if event.incident_id})
        for incident in wanted:
            row = insert(session, IncidentAlert).values(incident_id=incident, alert_id="", severity=0)
            session.execute(row.on_conflict_do_nothing())
        held = select(IncidentAlert).where(IncidentAlert.incident_id.in_(wanted)).order_by(IncidentAlert.incident_id)
        session.scalars(held.with_for_update().execution_options(populate_existing=True)).all()

    def is_news(self, session: Session, event: EventRaised, found: Collection[Recipient]) -> bool:
        """Whether the event has to be told anew; from then on its alert is the incident's.

        That is so of the first event; of one that is more severe than all before, or concerns somebody who was not
        reached; and where the alert was called false, or cannot be amended.
        """
        row = session.get_one(IncidentAlert, event.incident_id)
        telling = session.get(IncidentTelling, event.event_id, populate_existing=True)
        own = ids.alert_id(event.event_id)
        if telling is not None and telling.alert_id == own:
            return True  # told already: its deliveries are there
        if row.alert_id and not self._is_more(session, row, event, found):
            return False
        row.alert_id, row.severity = own, max(row.severity, event.severity)
        _note(session, event, own)
        return True

    def amend(self, session: Session, event: EventRaised, *, now: datetime) -> list[Hint]:
        """Put the event into the incident's alert, once; and into the one that tells of it, what further rules say."""
        row = session.get_one(IncidentAlert, event.incident_id)
        telling = session.get(IncidentTelling, event.event_id, populate_existing=True)
        number = row.alert_id if telling is None else telling.alert_id
        alert = session.get(Alert, number, populate_existing=True, with_for_update={"key_share": True})
        notice = _readable(alert)
        if alert is None or notice is None:
            return []
        if telling is None:
            _note(session, event, alert.id)
            amended = _with(notice, event)
            amended = amended.model_copy(update=verdict_of(session, alert, amended))
        else:
            amended = _widened(notice, event)
        if amended == notice:
            return []
        alert.notice = amended.model_dump(mode="json")
        alert.revision += 1
        made = self._amender.spread(session, alert, now=now, pace=PACE)
        session.flush()
        return [Hint(number, channel, recipient) for number, channel, recipient, due_at in made if due_at <= now]

    def _is_more(self, session: Session, row: IncidentAlert, event: EventRaised, found: Collection[Recipient]) -> bool:
        alert = session.get(Alert, row.alert_id)
        if alert is None or event.severity > row.severity:
            return True
        if _was_called_false(session, alert, event):
            return True
        reached = _reached(session, row.incident_id)
        return any((each.channel, each.id) not in reached for each in found)


def _readable(alert: Alert | None) -> Notice | None:
    """What the alert says; None where another version wrote it, so that it cannot be amended."""
    try:
        return Notice.model_validate(alert.notice) if alert is not None else None
    except ValidationError:
        return None


def _with(notice: Notice, event: EventRaised) -> Notice:
    """The notice, of one event more."""
    latest = Latest(at=event.captured_at, camera_name=event.camera_name)
    if notice.latest is not None and notice.latest.at > latest.at:
        latest = notice.latest
    return _widened(notice, event).model_copy(update={"count": notice.count + 1, "latest": latest})


def _widened(notice: Notice, event: EventRaised) -> Notice:
    """The notice, on behalf of further rules."""
    rules = (*notice.rules, *(slug for slug in event.rules if slug not in notice.rules))
    return notice.model_copy(update={"rules": rules, "severity": max(notice.severity, event.severity)})


def _was_called_false(session: Session, alert: Alert, event: EventRaised) -> bool:
    """Whether the judge or somebody said that the alert was none, so that nobody heeds it any more."""
    notice = _readable(alert)
    if notice is None:
        return True
    if notice.verdict == "rejected" and event.verdict != "rejected":
        return True
    opinion = session.scalar(select(Event.user_feedback).where(Event.uuid == alert.event_uuid))
    return opinion == "false_positive"


def _reached(session: Session, incident: str) -> set[tuple[str, str]]:
    """Whom the incident was told, or will be. What went with a digest cannot be amended: they are to hear anew."""
    alerts = select(IncidentTelling.alert_id).where(IncidentTelling.incident_id == incident)
    rows = select(Delivery.channel, Delivery.recipient, Delivery.receipt).where(
        Delivery.alert_id.in_(alerts), Delivery.state.not_in(("dead", "failed"))
    )
    return {(channel, recipient) for channel, recipient, receipt in session.execute(rows) if "digest" not in receipt}


def _note(session: Session, event: EventRaised, alert: str) -> None:
    said = {name: getattr(event, name) for name in ("verdict", "ai_response", "threat_level")}
    values = {"event_uuid": event.event_id, "incident_id": event.incident_id, "alert_id": alert, **said}
    row = insert(session, IncidentTelling).values(**values)
    session.execute(row.on_conflict_do_update(index_elements=["event_uuid"], set_={"alert_id": alert}))
