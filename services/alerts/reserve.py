"""Recipients' rows while what they are told is being decided: what holds them back now, and their cooldowns.

Everything here runs inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.alerts.policy import Manners, Recipient
from services.alerts.stored_recipients import manners_of
from shared.db.tables import RecipientRow

Who = tuple[str, str]
"""Channel and recipient."""


def lock_cooldowns(session: Session, recipients: Iterable[Recipient]) -> dict[Who, Recipient]:
    """The recipients as their rows say once nobody else can begin a cooldown of theirs, by channel and id.

    Only those with a cooldown are locked, so that of two replicas that decide at the same moment one waits.
    """
    known = {(each.channel, each.id): each for each in recipients}
    numbers = sorted(int(who[1]) for who, each in known.items() if each.manners.cooldown_s and who[1].isdecimal())
    if not numbers:
        return known
    fresh = select(RecipientRow.channel, RecipientRow.id, RecipientRow.cooling_until, RecipientRow.muted_until)
    in_order = fresh.where(RecipientRow.id.in_(numbers)).order_by(RecipientRow.id).with_for_update()
    for channel, number, cooling_until, muted_until in session.execute(in_order):
        if found := known.get((channel, str(number))):
            manners = replace(found.manners, cooling_until=cooling_until, muted_until=muted_until)
            known[channel, str(number)] = replace(found, manners=manners)
    return known


def start_cooldowns(session: Session, cooldowns: Mapping[Who, datetime]) -> None:
    """Write down until when each recipient is spared."""
    for (channel, recipient), until in sorted(cooldowns.items()):
        if recipient.isdecimal():
            row = update(RecipientRow).where(RecipientRow.id == int(recipient), RecipientRow.channel == channel)
            session.execute(row.values(cooling_until=until).execution_options(synchronize_session=False))


def manners_now(session: Session, channel: str, recipient: str) -> tuple[bool, Manners | None]:
    """Whether the recipient's row could be locked without waiting, and what it says (None: it has no row)."""
    if not recipient.isdecimal():
        return True, None
    wanted = select(RecipientRow).where(RecipientRow.id == int(recipient), RecipientRow.channel == channel)
    row = session.scalars(wanted.with_for_update(skip_locked=True).execution_options(populate_existing=True)).first()
    if row is not None:
        return True, manners_of(row)
    return session.scalars(wanted).first() is None, None
