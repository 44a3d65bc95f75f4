"""What is to be stored for a batch of events: who is told of which now, who later, and who in a digest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.alerts.policy import Decision, Hold, Manners, Recipient, Tell, after_telling, decide
from services.alerts.reserve import Who, lock_cooldowns
from shared.alerts.digests import Digest, open_digests, unique
from shared.db.tables import Delivery
from shared.domain import ids
from shared.messages.events import EventRaised

Told = tuple[EventRaised, tuple[Recipient, ...]]
"""An event and everybody whom it concerns."""

_ASKED_AT_ONCE = 1_000
_HELD_BACK = "muted, in quiet hours or in its cooldown: it is told of nothing afterwards"


@dataclass(slots=True)
class Plan:
    """`rows` are deliveries of `events`; `cooldowns` what those of them begin that are told now."""

    events: list[EventRaised] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    cooldowns: dict[Who, datetime] = field(default_factory=dict)


def plan(session: Session, told: Sequence[Told], *, now: datetime) -> Plan:
    """Decide for each event and recipient, in order: the first may begin the cooldown that holds back the second.

    What was decided before is left out for all who can be held back, so that a redelivery begins no cooldown and
    opens no digest. Opens the digests that are needed.
    """
    careful = {who(each): each for _, found in told for each in found if not each.manners.always_free}
    people = lock_cooldowns(session, careful.values())
    known = _known(session, told, people) if people else set()
    manners = {key: person.manners for key, person in people.items()}
    planned, digests = Plan(), dict[str, Digest]()
    for event, found in told:
        rows = [
            row
            for recipient in found
            if (row := _row(event, recipient, manners, known=known, planned=planned, digests=digests, now=now))
        ]
        if rows:
            planned.events.append(event)
            planned.rows += rows
    _join(session, planned.rows, digests, now=now)
    return planned


def who(recipient: Recipient) -> Who:
    return recipient.channel, recipient.id


def _row(
    event: EventRaised,
    recipient: Recipient,
    manners: dict[Who, Manners],
    *,
    known: set[str],
    planned: Plan,
    digests: dict[str, Digest],
    now: datetime,
) -> dict[str, Any] | None:
    key, row = who(recipient), _delivery(event, recipient, now=now)
    own = manners.get(key)
    if own is None:
        return row
    decision = None if row["id"] in known else decide(event.severity, own, now=now)
    if decision is None:
        return None
    known.add(row["id"])
    if isinstance(decision, Tell) and not decision.escalates and (until := after_telling(own, now=now)):
        planned.cooldowns[key] = until
        manners[key] = replace(own, cooling_until=until)
    return {**row, **_as_decided(decision, recipient, digests, now=now)}


def _as_decided(
    decision: Decision, recipient: Recipient, digests: dict[str, Digest], *, now: datetime
) -> dict[str, Any]:
    purpose = "escalation" if decision.escalates else "notice"
    if isinstance(decision, Hold) and not recipient.has_digests:
        return {"purpose": purpose, "state": "cancelled", "reason": _HELD_BACK, "settled_at": now}
    if isinstance(decision, Hold):
        digest = Digest(recipient.channel, recipient.id, recipient.account_id, decision.until)
        digests[digest.id] = digest
        return {"purpose": purpose, "state": "held", "due_at": decision.until, "digest_id": digest.id}
    return {"purpose": purpose, "due_at": decision.at}


def _join(session: Session, rows: Iterable[dict[str, Any]], digests: dict[str, Digest], *, now: datetime) -> None:
    """Open the digests; what one does not take any more is told by itself."""
    still_open = open_digests(session, unique(digests.values()), now=now)
    for row in rows:
        if row["digest_id"] is not None and row["digest_id"] not in still_open:
            row.update(state="queued", due_at=now, digest_id=None)


def _known(session: Session, told: Sequence[Told], people: dict[Who, Recipient]) -> set[str]:
    """The deliveries to these people that are stored already."""
    wanted = [_id(event, each) for event, found in told for each in found if who(each) in people]
    found_ids: set[str] = set()
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        page = wanted[start : start + _ASKED_AT_ONCE]
        found_ids.update(session.scalars(select(Delivery.id).where(Delivery.id.in_(page))))
    return found_ids


def _id(event: EventRaised, recipient: Recipient) -> str:
    return ids.delivery_id(ids.alert_id(event.event_id), recipient.channel, recipient.id)


def _delivery(event: EventRaised, recipient: Recipient, *, now: datetime) -> dict[str, Any]:
    return {
        "id": _id(event, recipient),
        "alert_id": ids.alert_id(event.event_id),
        "event_uuid": event.event_id,
        "account_id": event.account_id,
        "channel": recipient.channel,
        "recipient": recipient.id,
        "purpose": "notice",
        "state": "queued",
        "due_at": now,
        "created_at": now,
        "digest_id": None,
        "reason": "",
        "settled_at": None,
    }
