"""What the judge says after people were told: kept, put into the alert, and told to those who know the alert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.alerts import metrics
from services.alerts.channel import Channel
from services.alerts.incident_verdict import note_verdict, verdict_of
from services.alerts.notice import Notice
from shared.db.insert import insert
from shared.db.tables import Alert, Delivery, IncidentAlert, IncidentTelling, Judgement
from shared.domain import ids
from shared.messages.events import EventJudged
from shared.observability import get_logger

log = get_logger("alerts.amending")

_KEPT_FOR = timedelta(days=1)
_WAITING = frozenset({"queued", "retrying"})
_TOLD = frozenset({"sending", "sent"})

New = tuple[str, str, str]
"""The id, channel and recipient of a delivery that can be made."""


class Amender:
    """Brings verdicts to alerts, whichever comes first. Everything runs inside a transaction of the caller."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._amendable = frozenset(name for name, channel in channels.items() if channel.can_amend)

    def keep(self, session: Session, judged: Sequence[EventJudged], *, now: datetime) -> None:
        """Store what was said until `amend` finds the alert; of each event the newest."""
        if not judged:
            return
        session.execute(delete(Judgement).where(Judgement.stored_at < now - _KEPT_FOR))
        for event in judged:
            values = {
                "verdict": event.verdict,
                "ai_response": event.ai_response,
                "threat_level": event.threat_level,
                "at": event.at,
                "stored_at": now,
            }
            row = insert(session, Judgement).values(event_uuid=event.event_id, **values)
            newer = Judgement.at < row.excluded.at
            session.execute(row.on_conflict_do_update(index_elements=["event_uuid"], set_=values, where=newer))

    def amend(self, session: Session, events: Iterable[str], *, now: datetime) -> list[New]:
        """Bring what was kept of these events to their alerts; the amendments that came of it.

        Those who are not told yet will be told of the new notice; those who are get it as an amendment, where their
        channel can. Of an event that is told by another's alert, as one of an incident, that alert is amended.
        """
        wanted = sorted(set(events))
        judgements = session.scalars(select(Judgement).where(Judgement.event_uuid.in_(wanted))).all()
        made: list[New] = []
        told_by = _told_by(session, [each.event_uuid for each in judgements])
        for judgement in sorted(judgements, key=lambda each: each.event_uuid):
            number = told_by.get(judgement.event_uuid, ids.alert_id(judgement.event_uuid))
            known = select(Alert).where(Alert.id == number)
            alert = session.scalars(known.with_for_update(key_share=True)).one_or_none()
            if alert is None:
                continue
            of_incident = judgement.event_uuid in told_by
            if _rewrite_of_incident(session, alert, judgement) if of_incident else _rewrite(alert, judgement):
                made += [new[:3] for new in self.spread(session, alert, now=now)]
            # A newer one that came in this very moment stays, for whoever brought it.
            done = delete(Judgement).where(Judgement.event_uuid == judgement.event_uuid, Judgement.at == judgement.at)
            session.execute(done.execution_options(synchronize_session=False))
        return made

    def spread(
        self, session: Session, alert: Alert, *, now: datetime, pace: timedelta = timedelta()
    ) -> list[tuple[str, str, str, datetime]]:
        """Have those who know the alert told of its new notice; what is to be delivered, and from when on.

        With a `pace`, nobody gets two amendments within it: what comes meanwhile is told by the one that waits.
        """
        histories: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
        # Locked: from here on nobody takes what is still waiting, and what is being sent is seen to be.
        rows = select(Delivery).where(Delivery.alert_id == alert.id).order_by(Delivery.id).with_for_update()
        for row in session.scalars(rows.execution_options(populate_existing=True)):
            histories[row.channel, row.recipient].append(row)
        made: list[tuple[str, str, str, datetime]] = []
        for (channel, recipient), history in histories.items():
            newest = max(history, key=lambda row: row.revision)
            if newest.state in _WAITING:
                newest.revision = alert.revision
            elif channel in self._amendable and newest.state in _TOLD and "digest" not in newest.receipt:
                due_at = max(now, newest.due_at + pace) if newest.purpose == "amendment" else now
                row = _amendment(alert, newest, due_at=due_at, now=now)
                session.add(row)
                made.append((row.id, channel, recipient, due_at))
        metrics.AMENDMENTS.inc(len(made))
        log.info("alert_amended", alert=alert.id, revision=alert.revision, amendments=len(made))
        return made


def _told_by(session: Session, events: Sequence[str]) -> dict[str, str]:
    """The alerts by which people hear of those of the events that are of incidents. Holds these until the end."""
    tellings = select(IncidentTelling).where(IncidentTelling.event_uuid.in_(events))
    incidents = {telling.incident_id for telling in session.scalars(tellings)}
    if not incidents:
        return {}
    # As the fan-out does, and in its order: an event may get an alert of its own at this moment.
    held = select(IncidentAlert).where(IncidentAlert.incident_id.in_(incidents)).order_by(IncidentAlert.incident_id)
    session.scalars(held.with_for_update().execution_options(populate_existing=True)).all()
    found = session.scalars(tellings.execution_options(populate_existing=True))
    return {telling.event_uuid: telling.alert_id for telling in found}


def _rewrite_of_incident(session: Session, alert: Alert, judgement: Judgement) -> bool:
    """Have the notice say what the judge makes of all its events; False when it says so already."""
    if not note_verdict(session, judgement):
        return False
    try:
        notice = Notice.model_validate(alert.notice)
    except ValidationError:
        return False
    said = verdict_of(session, alert, notice)
    is_news = any(getattr(notice, name) != said[name] for name in ("verdict", "ai_response", "threat_level"))
    alert.notice = notice.model_copy(update=said).model_dump(mode="json")
    alert.revision += is_news
    return is_news


def _rewrite(alert: Alert, judgement: Judgement) -> bool:
    """Put the verdict into the notice; False when that says so already, or something newer."""
    try:
        notice = Notice.model_validate(alert.notice)
    except ValidationError:
        return False  # another version's: what cannot be read is not sent either
    if notice.judged_at is not None and notice.judged_at >= judgement.at:
        return False
    said: dict[str, Any] = {
        "verdict": judgement.verdict,
        "ai_response": judgement.ai_response,
        "threat_level": judgement.threat_level,
    }
    is_news = any(getattr(notice, name) != value for name, value in said.items())
    alert.notice = notice.model_copy(update={**said, "judged_at": judgement.at}).model_dump(mode="json")
    alert.revision += is_news
    return is_news


def _amendment(alert: Alert, newest: Delivery, *, due_at: datetime, now: datetime) -> Delivery:
    return Delivery(
        id=ids.amendment_id(alert.id, newest.channel, newest.recipient, alert.revision),
        alert_id=alert.id,
        event_uuid=alert.event_uuid,
        account_id=alert.account_id,
        channel=newest.channel,
        recipient=newest.recipient,
        purpose="amendment",
        revision=alert.revision,
        state="queued",
        attempts=0,
        doubtful=0,
        due_at=due_at,
        created_at=now,
    )
