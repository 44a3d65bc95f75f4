"""Who is told of an event. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.messages.events import EventRaised
from shared.rules.schedule import Schedule

# A detection is also an alert: what a recipient calls it decides the `event_type` it gets.
_SUBSCRIPTIONS = {
    "detection": frozenset({"detection", "alert"}),
    "camera_down": frozenset({"camera_down"}),
    "camera_up": frozenset({"camera_up"}),
}


@dataclass(frozen=True, slots=True)
class Manners:
    """What a recipient wants to hear of, and when; as `shared.db.recipients.RecipientRow` describes it."""

    cameras: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    min_severity: int = 0
    urgent_severity: int | None = None
    quiet: Schedule | None = None
    cooldown_s: float = 0.0
    after_s: float = 0.0
    muted_until: datetime | None = None
    cooling_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a channel can tell. No `account_id` means the events of every account.

    `events` are the names of kinds of event that it is subscribed to.
    """

    channel: str
    id: str
    account_id: int | None
    events: frozenset[str]
    manners: Manners = Manners()


def recipients_of(event: EventRaised, recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """Those who asked for this kind of event of this account, over the channels its rules name (none: all)."""
    wanted = _SUBSCRIPTIONS[event.kind]
    return tuple(
        recipient
        for recipient in recipients
        if recipient.events & wanted
        and recipient.account_id in (None, event.account_id)
        and (not event.channels or recipient.channel in event.channels)
    )
