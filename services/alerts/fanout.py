"""Events → alerts and deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.alerts import metrics
from services.alerts.amending import Amender
from services.alerts.channel import Channel
from services.alerts.hint import Enqueue, Hint
from services.alerts.incidents import Incidents
from services.alerts.notice import Notice
from services.alerts.planning import Plan, plan
from services.alerts.policy import recipients_of
from services.alerts.reserve import lock_cooldowns, start_cooldowns
from shared.db.engine import SessionFactory
from shared.db.insert import insert
from shared.db.tables import Alert, Delivery
from shared.domain import ids
from shared.messages.events import EventJudged, EventRaised
from shared.observability import get_logger
from shared.streams import Received

log = get_logger("alerts.fanout")


class FanoutHandler:
    """Handles a batch of events in one transaction, then has the new deliveries made; verdicts in another."""

    def __init__(
        self,
        sessions: SessionFactory,
        channels: Mapping[str, Channel],
        *,
        enqueue: Enqueue,
        per_recipient: int,
        now: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._channels = channels
        self._amender = Amender(channels)
        self._incidents = Incidents(self._amender)
        self._enqueue = enqueue
        self._per_recipient = per_recipient
        self._now = now

    def __call__(self, batch: list[Received]) -> None:
        """Commit the alerts and their deliveries. A second time with the same events adds nothing."""
        raised = [item.message for item in batch if isinstance(item.message, EventRaised)]
        judged = [item.message for item in batch if isinstance(item.message, EventJudged)]
        if not raised and not judged:
            return
        now = self._now()
        with self._sessions.begin() as session:
            due = self._fan_out(session, raised, now=now) if raised else []
            self._amender.keep(session, judged, now=now)
        self._hand_out(due)
        # Only now: another replica may have stored a verdict while this one stored its alert, or the other way round.
        # Each looks after its own commit, so one of the two sees both.
        with self._sessions.begin() as session:
            amended = self._amender.amend(
                session, {*(event.event_id for event in raised), *(event.event_id for event in judged)}, now=now
            )
        self._hand_out(Hint(*row) for row in amended)

    def _fan_out(self, session: Session, events: list[EventRaised], *, now: datetime) -> list[Hint]:
        recipients = [person for channel in self._channels.values() for person in channel.recipients(session)]
        told = [(event, found) for event in events if (found := recipients_of(event, recipients))]
        if not told:
            return []
        # Whatever two replicas may both want is locked first, and in one order, so that none waits in a circle.
        grouped = sorted((each for each in told if each[0].incident_id), key=lambda each: each[0].incident_id or "")
        self._incidents.lock(session, [event for event, _ in grouped])
        if grouped:
            lock_cooldowns(session, [person for _, found in told for person in found])
        due = _store(session, plan(session, [each for each in told if not each[0].incident_id], now=now), now=now)
        for event, found in grouped:
            if self._incidents.is_news(session, event, found):
                due += _store(session, plan(session, [(event, found)], now=now), now=now)
            due += self._incidents.amend(session, event, now=now)
        return due

    def _hand_out(self, due: Iterable[Hint]) -> None:
        # A worker that has made a delivery goes on with the recipient's next by itself: a few per recipient do.
        handed: Counter[tuple[str, str]] = Counter()
        for delivery in due:
            handed[delivery.channel, delivery.recipient] += 1
            if handed[delivery.channel, delivery.recipient] <= self._per_recipient:
                self._enqueue(delivery)


def _store(session: Session, planned: Plan, *, now: datetime) -> list[Hint]:
    if not planned.rows:
        return []
    alerts = [_alert(event, now=now) for event in planned.events]
    new_alerts = insert(session, Alert).on_conflict_do_nothing().returning(Alert.id)
    added = session.execute(new_alerts, alerts).all()
    kinds = {ids.alert_id(event.event_id): event.kind for event in planned.events}
    for (alert,) in added:
        metrics.ALERTS.labels(kinds[alert]).inc()
    new_deliveries = insert(session, Delivery).on_conflict_do_nothing()
    shown = (Delivery.id, Delivery.channel, Delivery.recipient, Delivery.state, Delivery.due_at)
    found_new = session.execute(new_deliveries.returning(*shown), planned.rows).all()
    start_cooldowns(session, planned.cooldowns)
    for row in found_new:
        if row.state == "held":
            metrics.HELD.labels(row.channel).inc()
    log.info("alerts_decided", alerts=len(added), deliveries=len(found_new))
    return [Hint(*row[:3]) for row in found_new if row.state == "queued" and row.due_at <= now]


def _alert(event: EventRaised, *, now: datetime) -> dict[str, Any]:
    return {
        "id": ids.alert_id(event.event_id),
        "event_uuid": event.event_id,
        "account_id": event.account_id,
        "notice": Notice.of(event).model_dump(mode="json"),
        "decided_at": now,
    }
