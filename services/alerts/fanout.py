"""Events → alerts and deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.alerts import metrics
from services.alerts.channel import Channel
from services.alerts.notice import Notice
from services.alerts.policy import Recipient, recipients_of
from shared.db.engine import SessionFactory
from shared.db.insert import insert
from shared.db.tables import Alert, Delivery
from shared.domain import ids
from shared.messages.events import EventRaised
from shared.observability import get_logger
from shared.streams import Received

log = get_logger("alerts.fanout")

Enqueue = Callable[[str], None]
"""Ask a worker to make the delivery with this id. Best effort: the sweeper finds what gets lost."""


@dataclass(frozen=True, slots=True)
class _Due:
    id: str
    channel: str
    recipient: str


class FanoutHandler:
    """Handles a batch of events in one transaction, then has the new deliveries made."""

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
        self._enqueue = enqueue
        self._per_recipient = per_recipient
        self._now = now

    def __call__(self, batch: list[Received]) -> None:
        """Commit the alerts and their deliveries. A second time with the same events adds nothing."""
        events = [item.message for item in batch if isinstance(item.message, EventRaised)]
        if not events:
            return
        with self._sessions.begin() as session:
            recipients = [person for channel in self._channels.values() for person in channel.recipients(session)]
            told = [(event, found) for event in events if (found := recipients_of(event, recipients))]
            due = _store(session, told, now=self._now()) if told else []
        self._hand_out(due)

    def _hand_out(self, due: Iterable[_Due]) -> None:
        # A worker that has made a delivery goes on with the recipient's next by itself: a few per recipient do.
        handed: Counter[tuple[str, str]] = Counter()
        for delivery in due:
            handed[delivery.channel, delivery.recipient] += 1
            if handed[delivery.channel, delivery.recipient] <= self._per_recipient:
                self._enqueue(delivery.id)


def _store(session: Session, told: list[tuple[EventRaised, tuple[Recipient, ...]]], *, now: datetime) -> list[_Due]:
    alerts = [_alert(event, now=now) for event, _ in told]
    new_alerts = insert(session, Alert).on_conflict_do_nothing().returning(Alert.id)
    added = session.execute(new_alerts, alerts).all()
    kinds = {ids.alert_id(event.event_id): event.kind for event, _ in told}
    for (alert,) in added:
        metrics.ALERTS.labels(kinds[alert]).inc()
    rows = [_delivery(event, recipient, now=now) for event, found in told for recipient in found]
    new_deliveries = insert(session, Delivery).on_conflict_do_nothing()
    found_new = session.execute(new_deliveries.returning(Delivery.id, Delivery.channel, Delivery.recipient), rows)
    due = [_Due(*row) for row in found_new]
    log.info("alerts_decided", alerts=len(added), deliveries=len(due))
    return due


def _alert(event: EventRaised, *, now: datetime) -> dict[str, Any]:
    return {
        "id": ids.alert_id(event.event_id),
        "event_uuid": event.event_id,
        "account_id": event.account_id,
        "notice": Notice.of(event).model_dump(mode="json"),
        "decided_at": now,
    }


def _delivery(event: EventRaised, recipient: Recipient, *, now: datetime) -> dict[str, Any]:
    alert = ids.alert_id(event.event_id)
    return {
        "id": ids.delivery_id(alert, recipient.channel, recipient.id),
        "alert_id": alert,
        "event_uuid": event.event_id,
        "account_id": event.account_id,
        "channel": recipient.channel,
        "recipient": recipient.id,
        "state": "queued",
        "due_at": now,
        "created_at": now,
    }
