"""Telling people of something that is no event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.alerts import metrics
from services.alerts.channel import Channel
from services.alerts.hint import Hint
from services.alerts.notice import Notice, NoticeKind
from services.alerts.policy import Recipient, free_from
from shared.db.insert import insert
from shared.db.tables import Alert, Delivery
from shared.domain import ids


def subscribers(session: Session, channels: Mapping[str, Channel], kind: NoticeKind) -> tuple[Recipient, ...]:
    """Everybody who asked for this kind of notice."""
    everybody = (person for channel in channels.values() for person in channel.recipients(session))
    return tuple(person for person in everybody if kind in person.events)


def notice_of(kind: NoticeKind, label: str, text: str, *, subject: str, now: datetime, severity: int) -> Notice:
    """A notice that tells of no camera; the same `subject` is told once."""
    return Notice(
        event_id=ids.notice_id(subject),
        account_id=None,
        kind=kind,
        camera="",
        camera_name="Argus",
        label=label,
        confidence=1.0,
        severity=severity,
        rules=(),
        zones=(),
        captured_at=now,
        stored_at=now,
        snapshot=None,
        text=text,
    )


def announce(session: Session, notice: Notice, recipients: Iterable[Recipient], *, now: datetime) -> Sequence[Hint]:
    """Store the alert and its deliveries in the caller's transaction; those that can be made now.

    Whoever is muted, or sleeps and has not called this urgent, is told afterwards: each notice by itself, for a digest
    would leave out what a report says. A second time with the same notice, from whichever replica, adds nothing.
    """
    alert = ids.alert_id(notice.event_id)
    values = {
        "id": alert,
        "event_uuid": notice.event_id,
        "account_id": notice.account_id,
        "notice": notice.model_dump(mode="json"),
        "decided_at": now,
    }
    added = session.execute(insert(session, Alert).on_conflict_do_nothing().returning(Alert.id), [values]).all()
    if not added:
        return ()
    metrics.ALERTS.labels(notice.kind).inc()
    rows = [
        {
            "id": ids.delivery_id(alert, person.channel, person.id),
            "alert_id": alert,
            "event_uuid": notice.event_id,
            "account_id": person.account_id,
            "channel": person.channel,
            "recipient": person.id,
            "state": "queued",
            "due_at": free_at,
            # Its age counts from when it could first be told: a long sleep must not leave it a single try.
            "created_at": free_at,
        }
        for person in recipients
        if (free_at := free_from(person.manners, now, severity=notice.severity)) is not None
    ]
    if rows:
        session.execute(insert(session, Delivery).on_conflict_do_nothing(), rows)
    return [Hint(str(row["id"]), str(row["channel"]), str(row["recipient"])) for row in rows if row["due_at"] == now]
