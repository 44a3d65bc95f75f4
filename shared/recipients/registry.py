"""Adding, changing and finding recipients. Every function works in the caller's transaction and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.recipients import RecipientRow
from shared.db.secrets import SecretBox
from shared.domain.errors import InvalidInput, NotFound, UserError
from shared.recipients.addresses import ADDRESSES
from shared.recipients.checks import checked_address, checked_quiet, problems_of_places, problems_of_values
from shared.recipients.muting import mute

MAX_MUTE_MINUTES: Final = 7 * 24 * 60
CLEARABLE: Final = ("urgent_severity", "quiet")

_PLAIN = ("name", "min_severity", "urgent_severity", "language", "cooldown_s", "after_s", "enabled")
_LISTS = ("notification_types", "cameras", "rules")


@dataclass(frozen=True, slots=True)
class RecipientChange:
    """What to store; None keeps what is stored. An empty `secret` removes it.

    `address` is the JSON of the channel's model in `shared.recipients.addresses`, `quiet` that of a `Schedule`; both
    replace the stored one as a whole. `cleared` names those of `CLEARABLE` that are to be nothing from now on.
    """

    name: str | None = None
    address: Mapping[str, Any] | None = None
    secret: str | None = field(default=None, repr=False)
    notification_types: tuple[str, ...] | None = None
    cameras: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    min_severity: int | None = None
    urgent_severity: int | None = None
    language: str | None = None
    quiet: Mapping[str, Any] | None = None
    cooldown_s: float | None = None
    after_s: float | None = None
    enabled: bool | None = None
    cleared: tuple[str, ...] = ()

    @property
    def fields(self) -> list[str]:
        """The names of what is to change, for the audit trail."""
        named = [name for name in self.__slots__ if name != "cleared" and getattr(self, name) is not None]
        return [*named, *self.cleared]


@dataclass(frozen=True, slots=True)
class RecipientRules:
    """What storing needs to know of the installation. `verify_email`: new mailboxes are told nothing at first."""

    box: SecretBox
    verify_email: bool


def add_recipient(
    session: Session,
    channel: str,
    new: RecipientChange,
    *,
    account_id: int | None,
    rules: RecipientRules,
    now: datetime,
) -> RecipientRow:
    """Store a recipient; without an account it is told of every camera, with one of that account's alone.

    Without `verified_at` the caller sends a verification (`shared.recipients.verification`). Raises `InvalidInput`
    that names every wrong field, before anything is stored.
    """
    if channel not in ADDRESSES:
        raise UserError("channel", "has no recipients of its own", remedy=f"use one of {', '.join(ADDRESSES)}")
    row = RecipientRow(
        account_id=account_id,
        channel=channel,
        name="",
        address={},
        notification_types=["alerts"],
        cameras=[],
        rules=[],
        min_severity=0,
        language="en",
        cooldown_s=0.0,
        after_s=0.0,
        enabled=True,
        created_at=now,
        updated_at=now,
    )
    _apply(session, row, new, rules=rules, now=now)
    session.add(row)
    session.flush()
    return row


def change_recipient(
    session: Session, row: RecipientRow, change: RecipientChange, *, rules: RecipientRules, now: datetime
) -> None:
    """Change what `change` names. Another mailbox is not verified. Raises `InvalidInput` before anything is touched."""
    _apply(session, row, change, rules=rules, now=now)
    row.updated_at = now
    session.flush()


def mute_recipient(session: Session, row: RecipientRow, *, minutes: float, now: datetime) -> None:
    """Tell it nothing for so long, from now on; 0 ends that. Raises `UserError`."""
    if not 0 <= minutes <= MAX_MUTE_MINUTES:
        raise UserError("minutes", f"must be from 0 to {MAX_MUTE_MINUTES}")
    if minutes:
        mute(session, row, until=now + timedelta(minutes=minutes), now=now)
    else:
        row.muted_until, row.updated_at = None, now


def recipient_numbered(session: Session, number: int, *, account_id: int | None = None) -> RecipientRow:
    """The recipient; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(RecipientRow).where(RecipientRow.id == number)
    row = session.scalar(query if account_id is None else query.where(RecipientRow.account_id == account_id))
    if row is None:
        raise NotFound("recipient", f"there is no recipient {number}", remedy="list the recipients to see their ids")
    return row


def _apply(
    session: Session, row: RecipientRow, change: RecipientChange, *, rules: RecipientRules, now: datetime
) -> None:
    problems = list(problems_of_values(row.name, change))
    address = checked_address(row.channel, _address_to_check(row, change), problems)
    quiet = checked_quiet(change.quiet, problems)
    problems += problems_of_places(session, row.account_id, cameras=change.cameras, rules=change.rules)
    if problems:
        raise InvalidInput(problems)
    for name in _PLAIN:
        if (value := getattr(change, name)) is not None:
            setattr(row, name, value)
    for name in _LISTS:
        if (values := getattr(change, name)) is not None:
            setattr(row, name, list(dict.fromkeys(values)))
    if quiet is not None:
        row.quiet = quiet
    for name in change.cleared:
        setattr(row, name, None)
    if change.secret is not None:
        row.secret_encrypted = rules.box.seal(change.secret) if change.secret else None
    _move(row, address, rules=rules, now=now)


def _address_to_check(row: RecipientRow, change: RecipientChange) -> Mapping[str, Any] | None:
    # A new recipient has none: what is missing then is to be said.
    return change.address if change.address is not None or row.address else {}


def _move(row: RecipientRow, address: dict[str, Any] | None, *, rules: RecipientRules, now: datetime) -> None:
    # A new one has none yet, and that of a broadcast over LINE is as empty.
    is_placed = row.id is not None
    if address is None or (is_placed and address == row.address):
        return
    row.address = address
    row.verified_at = None if row.channel == "email" and rules.verify_email else now
