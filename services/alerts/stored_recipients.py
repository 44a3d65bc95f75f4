"""Recipients that stand in the table of that name, for the channels that have theirs there."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any, cast
from zoneinfo import ZoneInfo

from pydantic import SecretStr, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.alerts.policy import Manners, Recipient
from shared.db.recipients import RecipientRow
from shared.db.secrets import SecretBox
from shared.domain.errors import Permanent, UserError
from shared.domain.recipient import LANGUAGES, Language
from shared.observability import get_logger
from shared.rules.schedule import Schedule

log = get_logger("alerts.recipients")

_KINDS = {
    "alerts": frozenset({"detection"}),
    "system_status": frozenset({"camera_down", "camera_up", "system"}),
    "daily_reports": frozenset({"report"}),
}


def stored_recipients(session: Session, channel: str) -> list[Recipient]:
    """Everybody whom the channel can tell now: enabled, and verified where that is needed."""
    rows = session.scalars(
        select(RecipientRow).where(
            RecipientRow.channel == channel, RecipientRow.enabled, RecipientRow.verified_at.is_not(None)
        )
    )
    return [_recipient(row) for row in rows]


def stored_recipient(session: Session, number: str, *, channel: str, decided_at: datetime) -> RecipientRow:
    """The row of a recipient who was chosen at `decided_at`. Raises `Permanent` when it is no longer to be told."""
    row = session.get(RecipientRow, int(number))
    # Numbers of deleted rows may be given out again: a younger recipient is not the one that was meant.
    if row is None or row.channel != channel or row.created_at > decided_at:
        raise Permanent("the recipient was deleted")
    if not row.enabled:
        raise Permanent("the recipient is disabled")
    return row


def manners_of(row: RecipientRow) -> Manners:
    """What the row says of when and of what to tell."""
    return Manners(
        cameras=frozenset(row.cameras),
        rules=frozenset(row.rules),
        min_severity=row.min_severity,
        urgent_severity=row.urgent_severity,
        quiet=_schedule(row.quiet, recipient=row.id),
        cooldown_s=row.cooldown_s,
        after_s=row.after_s,
        muted_until=row.muted_until,
        cooling_until=row.cooling_until,
    )


def language_of(row: RecipientRow) -> Language:
    """The language the recipient reads; English for one that this version does not speak."""
    return cast("Language", row.language) if row.language in LANGUAGES else "en"


def token_of(row: RecipientRow, box: SecretBox, usual: SecretStr | None, *, missing: str) -> str:
    """The recipient's own token, in the clear: never log it; else the `usual` one of the installation.

    Raises `Permanent` when there is neither, which `missing` says, and when it cannot be decrypted.
    """
    try:
        own = box.open(row.secret_encrypted) if row.secret_encrypted else ""
    except UserError as error:
        raise Permanent(str(error)) from None
    token = own or (usual.get_secret_value() if usual else "")
    if not token.strip():
        raise Permanent(missing)
    return token.strip()


def zone_of(row: RecipientRow) -> tzinfo:
    """The clock by which the recipient reads times: that of its quiet hours, else UTC."""
    quiet = _schedule(row.quiet, recipient=row.id)
    return UTC if quiet is None else ZoneInfo(quiet.timezone)


def _recipient(row: RecipientRow) -> Recipient:
    kinds = (_KINDS.get(name, frozenset()) for name in row.notification_types)
    return Recipient(
        channel=row.channel,
        id=str(row.id),
        account_id=row.account_id,
        events=frozenset().union(*kinds),
        manners=manners_of(row),
    )


def _schedule(stored: dict[str, Any] | None, *, recipient: int) -> Schedule | None:
    """The quiet hours; none when what is stored cannot be read: rather told at night than never."""
    try:
        return None if stored is None else Schedule.model_validate(stored)
    except ValidationError as error:
        log.warning("quiet_hours_unreadable", recipient=recipient, reason=str(error)[:200])
        return None
