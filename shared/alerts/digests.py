"""Digests: one message to a recipient, at the end of what holds others back from it.

Everything here runs inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.insert import insert
from shared.db.tables import Alert, Delivery
from shared.domain import ids


@dataclass(frozen=True, slots=True)
class Digest:
    """One message to one recipient, at the end of what holds others back from it."""

    channel: str
    recipient: str
    account_id: int | None
    until: datetime

    @property
    def event_uuid(self) -> str:
        """What stands in an event's place."""
        return ids.digest_event_id(self.channel, self.recipient, int(self.until.timestamp() * 1000))

    @property
    def id(self) -> str:
        """The alert's id."""
        return ids.alert_id(self.event_uuid)

    @property
    def delivery_id(self) -> str:
        return ids.delivery_id(self.id, self.channel, self.recipient)


def open_digests(session: Session, digests: Collection[Digest], *, now: datetime) -> frozenset[str]:
    """Store those that are new; the ids of all that still take something in.

    Those stay locked until the transaction ends, so that none is sent before what it is to hold is stored. A digest
    that is being sent or was sent takes nothing in.
    """
    if not digests:
        return frozenset()
    session.execute(insert(session, Alert).on_conflict_do_nothing(), [_alert(digest, now=now) for digest in digests])
    rows = [_delivery(digest, now=now) for digest in digests]
    session.execute(insert(session, Delivery).on_conflict_do_nothing(), rows)
    wanted = sorted({digest.delivery_id for digest in digests})
    still_open = (
        select(Delivery.alert_id)
        .where(Delivery.id.in_(wanted), Delivery.state == "queued", Delivery.attempts == 0)
        .order_by(Delivery.id)  # the same order for everybody: nobody waits in a circle
        .with_for_update()
    )
    return frozenset(session.scalars(still_open))


def unique(digests: Iterable[Digest]) -> list[Digest]:
    """Each once, in an order that does not depend on who asks."""
    return sorted(set(digests), key=lambda digest: digest.delivery_id)


def _alert(digest: Digest, *, now: datetime) -> dict[str, Any]:
    return {
        "id": digest.id,
        "event_uuid": digest.event_uuid,
        "account_id": digest.account_id,
        "notice": _notice(digest),
        "decided_at": now,
    }


def _notice(digest: Digest) -> dict[str, Any]:
    """The JSON of a `Notice` of the alerts service, which puts into words what the digest holds when it is sent."""
    at = digest.until.isoformat()
    return {
        "event_id": digest.event_uuid,
        "account_id": digest.account_id,
        "kind": "digest",
        "camera": "",
        "camera_name": "",
        "label": "digest",
        "confidence": 1.0,
        "severity": 0,
        "rules": [],
        "zones": [],
        "captured_at": at,
        "stored_at": at,
        "snapshot": None,
        "text": "",
        "count": 0,
    }


def _delivery(digest: Digest, *, now: datetime) -> dict[str, Any]:
    return {
        "id": digest.delivery_id,
        "alert_id": digest.id,
        "event_uuid": digest.event_uuid,
        "account_id": digest.account_id,
        "channel": digest.channel,
        "recipient": digest.recipient,
        "purpose": "digest",
        "state": "queued",
        "due_at": digest.until,
        "created_at": now,
    }
