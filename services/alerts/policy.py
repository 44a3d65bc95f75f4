"""Who is told of an event, and when. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

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

    @property
    def always_free(self) -> bool:
        """Whether everything can be told the moment it is known."""
        spared = self.quiet is not None or self.muted_until is not None or self.cooling_until is not None
        return not spared and not self.cooldown_s and not self.after_s

    def is_urgent(self, severity: int) -> bool:
        """Whether that breaks quiet hours and cooldown."""
        return self.urgent_severity is not None and severity >= self.urgent_severity


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a channel can tell. No `account_id` means the events of every account.

    `events` are the names of kinds of event that it is subscribed to. `has_digests` False: what it may not be told at
    once is nothing to it later.
    """

    channel: str
    id: str
    account_id: int | None
    events: frozenset[str]
    manners: Manners = Manners()
    has_digests: bool = True


@dataclass(frozen=True, slots=True)
class Tell:
    """The recipient is to be told at `at`; one who `escalates` only if nobody has acknowledged the alert by then."""

    at: datetime
    escalates: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """The recipient is not to be disturbed until then: the event goes into the digest of that moment."""

    until: datetime
    escalates: bool = False


Decision = Tell | Hold


def recipients_of(event: EventRaised, recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """Those who asked for this kind of event of this account, as far as its rules want them told.

    Where all whom the rules name are gone, everybody is told rather than nobody.
    """
    wanted = _SUBSCRIPTIONS[event.kind]
    there = [recipient for recipient in recipients if recipient.account_id in (None, event.account_id)]
    named = [recipient for recipient in there if _is_named(recipient, event)]
    meant = named if named or not event.recipients else there
    return tuple(each for each in meant if each.events & wanted and _cares(each.manners, event))


def decide(severity: int, manners: Manners, *, now: datetime) -> Decision | None:
    """What becomes of an event that concerns the recipient; None when it is never free to hear of it."""
    escalates = manners.after_s > 0
    at = now + timedelta(seconds=manners.after_s)
    free_at = free_from(manners, at, severity=severity)
    if free_at is None:
        return None
    return Tell(at, escalates) if free_at == at else Hold(free_at, escalates)


def free_from(manners: Manners, at: datetime, *, severity: int) -> datetime | None:
    """The first moment from `at` on at which the recipient may be told; None when its quiet hours never end."""
    # One after the other until none is left: a mute may end in quiet hours, and those in a cooldown.
    while True:
        later = _latest(at, manners.muted_until)
        if not manners.is_urgent(severity):
            later = _latest(later, manners.cooling_until)
            end = manners.quiet.asleep_from(later) if manners.quiet else later
            if end is None:
                return None
            later = _latest(later, end)
        if later == at:
            return at
        at = later


def after_telling(manners: Manners, *, now: datetime) -> datetime | None:
    """When the cooldown ends that being told now begins; None without one."""
    return now + timedelta(seconds=manners.cooldown_s) if manners.cooldown_s else None


def _is_named(recipient: Recipient, event: EventRaised) -> bool:
    if recipient.channel in event.channels:
        return True
    # Webhooks have numbers of their own.
    if recipient.channel != "webhook" and recipient.id in map(str, event.recipients):
        return True
    return not event.channels and not event.recipients


def _cares(manners: Manners, event: EventRaised) -> bool:
    if manners.cameras and event.camera not in manners.cameras:
        return False
    if event.kind != "detection":
        return True  # no rule raised it, and none gave it a severity
    if manners.rules and manners.rules.isdisjoint(event.rules):
        return False
    return event.severity >= manners.min_severity


def _latest(at: datetime, other: datetime | None) -> datetime:
    return at if other is None else max(at, other)
