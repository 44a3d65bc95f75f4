"""Who is told of an event. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.messages.events import EventRaised

# A detection is also an alert: what a recipient calls it decides the `event_type` it gets.
_SUBSCRIPTIONS = {
    "detection": frozenset({"detection", "alert"}),
    "camera_down": frozenset({"camera_down"}),
    "camera_up": frozenset({"camera_up"}),
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a channel can tell. No `account_id` means the events of every account."""

    channel: str
    id: str
    account_id: int | None
    events: frozenset[str]


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
