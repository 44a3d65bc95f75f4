"""Asking whoever reads a mailbox whether it is theirs, before anything else is sent there.

A verification is an alert of its own, told to that one recipient: it is queued, sent, retried and shown like any
other. Its notice is of the kind `system` with the label `VERIFICATION`; the channel that sends it puts in the link
`verify` (`shared.recipients.links`), which is stored nowhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.deliveries import Alert, Delivery
from shared.db.recipients import RecipientRow
from shared.domain import ids
from shared.domain.errors import Conflict
from shared.domain.recipient import VERIFICATION

_ENDED = ("sent", "failed", "dead", "cancelled")
# Nobody's mailbox is to be filled by asking over and over.
_PAUSE = timedelta(minutes=1)


def ask_to_verify(session: Session, row: RecipientRow, *, now: datetime) -> bool:
    """Have the mail sent (again), within seconds; False when it is under way, or was sent a moment ago.

    Works in the caller's transaction, the recipient being flushed. Raises `Conflict` when there is nothing to verify.
    """
    if row.verified_at is not None:
        raise Conflict("", "the recipient is verified already")
    subject = _subject(row)
    alert = session.get(Alert, ids.alert_id(subject)) or _new_alert(session, row, subject, now=now)
    name = ids.delivery_id(alert.id, row.channel, str(row.id))
    _call_off_others(session, row, but=name, now=now)
    delivery = session.get(Delivery, name, with_for_update=True)
    if delivery is None:
        session.add(_new_delivery(row, alert, now=now))
    elif delivery.state not in _ENDED or _was_just_sent(delivery, now):
        return False
    else:
        # Its age counts anew, for a delivery that grows too old is given up.
        delivery.state, delivery.due_at, delivery.created_at = "queued", now, now
        delivery.settled_at, delivery.lease_until, delivery.doubtful = None, None, 0
    session.flush()
    return True


def verification_of(session: Session, row: RecipientRow) -> Delivery | None:
    """The delivery that asks for the address that the recipient has now."""
    alert = ids.alert_id(_subject(row))
    return session.get(Delivery, ids.delivery_id(alert, row.channel, str(row.id)))


def is_verification_of(row: RecipientRow, alert: Alert) -> bool:
    """Whether the alert asked for the address that the recipient has now, and not for one it had before."""
    return alert.event_uuid == _subject(row)


def _was_just_sent(delivery: Delivery, now: datetime) -> bool:
    return delivery.state == "sent" and now - (delivery.settled_at or now) < _PAUSE


def _call_off_others(session: Session, row: RecipientRow, *, but: str, now: datetime) -> None:
    # It would go to the address that the recipient has now, and ask for the one it had.
    others = session.scalars(
        select(Delivery)
        .join(Alert, Alert.id == Delivery.alert_id)
        .where(
            Delivery.channel == row.channel,
            Delivery.recipient == str(row.id),
            Delivery.state.in_(("queued", "retrying")),
            Delivery.id != but,
            Alert.notice["label"].as_string() == VERIFICATION,
        )
    )
    for other in others:
        other.state, other.reason, other.settled_at = "cancelled", "the recipient has another address now", now


def _subject(row: RecipientRow) -> str:
    # By the address too: a link in a mail to an older one must not vouch for the newer.
    return ids.notice_id(f"verify/{row.id}/{row.created_at.timestamp()}/{row.address.get('email')}")


def _new_alert(session: Session, row: RecipientRow, subject: str, *, now: datetime) -> Alert:
    alert = Alert(
        id=ids.alert_id(subject),
        event_uuid=subject,
        account_id=row.account_id,
        notice=_notice(row, subject, now=now),
        decided_at=now,
        revision=0,
    )
    session.add(alert)
    session.flush()
    return alert


def _notice(row: RecipientRow, subject: str, *, now: datetime) -> dict[str, Any]:
    """The JSON of a `Notice` of the alerts service."""
    at = now.isoformat()
    return {
        "event_id": subject,
        "account_id": row.account_id,
        "kind": "system",
        "camera": "",
        "camera_name": "Argus",
        "label": VERIFICATION,
        "confidence": 1.0,
        "severity": 0,
        "rules": [],
        "zones": [],
        "captured_at": at,
        "stored_at": at,
        "snapshot": None,
        "text": f"Please confirm that alerts may be sent to {row.address.get('email', row.name)}",
    }


def _new_delivery(row: RecipientRow, alert: Alert, *, now: datetime) -> Delivery:
    return Delivery(
        id=ids.delivery_id(alert.id, row.channel, str(row.id)),
        alert_id=alert.id,
        event_uuid=alert.event_uuid,
        account_id=row.account_id,
        channel=row.channel,
        recipient=str(row.id),
        revision=0,
        state="queued",
        attempts=0,
        doubtful=0,
        due_at=now,
        created_at=now,
        reason="",
        receipt={},
    )
