"""Adding, changing, trying and removing recipients through the API."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.problem import Problem, Refusal
from shared.accounts.audit import record
from shared.accounts.roles import Role
from shared.db.recipients import RecipientRow
from shared.domain.errors import Conflict
from shared.messages.alert_test import AlertTest, ChannelOutcome
from shared.recipients.registry import (
    RecipientChange,
    add_recipient,
    change_recipient,
    mute_recipient,
    recipient_numbered,
)
from shared.recipients.switch_offs import SwitchOffs
from shared.recipients.verification import ask_to_verify


def add(gateway: Gateway, principal: Principal, channel: str, new: RecipientChange) -> RecipientRow:
    """Store a recipient. An administrator's is told of every camera, anybody else's of the own ones.

    A mailbox that must be verified first is sent a mail. Raises `InvalidInput`, and `Refusal` (403) for a device.
    """
    now = gateway.now()
    _check_right(principal, channel)
    owner = None if principal.role == Role.ADMIN else principal.account_id
    with gateway.writing() as session:
        row = add_recipient(session, channel, new, account_id=owner, rules=gateway.recipient_rules, now=now)
        _ask_if_needed(session, row, gateway)
        record(session, principal.actor, action="recipient.add", target=f"recipient:{row.id}", now=now)
    return row


def change(
    gateway: Gateway, principal: Principal, number: int, change: RecipientChange, *, channel: str | None
) -> RecipientRow:
    """Change what is named; `channel` is that of the new address, if any. Another mailbox is verified anew.

    Raises `NotFound`, `InvalidInput`, `Conflict` for an address of another channel, `Refusal` as above.
    """
    now = gateway.now()
    with gateway.writing() as session:
        row = recipient_numbered(session, number, account_id=principal.visible_account)
        _check_right(principal, row.channel)
        if channel not in (None, row.channel):
            raise Conflict("address", f"is one of the channel {channel}, and the recipient is one of {row.channel}")
        before = row.address
        change_recipient(session, row, change, rules=gateway.recipient_rules, now=now)
        if row.address != before:
            _ask_if_needed(session, row, gateway)
        _note(session, gateway, principal, row, "change", detail={"fields": change.fields})
    if not row.enabled:
        _silence(gateway, row)
    return row


def remove(gateway: Gateway, principal: Principal, number: int) -> None:
    """Delete a recipient; what it was told stays on record. Raises `NotFound`."""
    with gateway.writing() as session:
        row = recipient_numbered(session, number, account_id=principal.visible_account)
        _note(session, gateway, principal, row, "remove")
        session.delete(row)
    _silence(gateway, row)


def mute(gateway: Gateway, principal: Principal, number: int, *, minutes: int) -> RecipientRow:
    """Tell it nothing for so long; 0 ends that. Raises `NotFound`, `UserError`."""
    with gateway.writing() as session:
        row = recipient_numbered(session, number, account_id=principal.visible_account)
        mute_recipient(session, row, minutes=minutes, now=gateway.now())
        _note(session, gateway, principal, row, "mute", detail={"minutes": minutes})
    if minutes:
        _silence(gateway, row)
    return row


def verify(gateway: Gateway, principal: Principal, number: int) -> RecipientRow:
    """Send the mail with the link (again).

    Raises `NotFound`, and `Conflict` when there is nothing to verify, a mail is under way, or no link can be made.
    """
    if gateway.settings.gateway.public_url is None:
        raise Conflict("", "no link can be made: set gateway.public_url to the address at which people reach Argus")
    with gateway.writing() as session:
        row = recipient_numbered(session, number, account_id=principal.visible_account)
        if not ask_to_verify(session, row, now=gateway.now()):
            raise Conflict("", "the mail is under way, or was sent a moment ago: look for it, or try again in a minute")
        _note(session, gateway, principal, row, "verify")
    return row


def try_out(gateway: Gateway, principal: Principal, number: int, *, message: str) -> ChannelOutcome:
    """Send one test notice to it now, and say how that went. Blocks for as long as `AlertTests.send`.

    Raises `NotFound`, `Conflict` for a mailbox that is not verified, `Refusal` (429, 503).
    """
    with gateway.reads() as session:
        row = recipient_numbered(session, number, account_id=principal.visible_account)
    if row.verified_at is None:
        raise Conflict("", "the recipient is not verified yet: nothing but the mail that asks for that is sent there")
    gateway.alert_tests.admit(principal.account_id)
    order = AlertTest(
        account_id=principal.visible_account, channels=(row.channel,), message=message, recipient=str(row.id)
    )
    with gateway.writing() as session:
        _note(session, gateway, principal, row, "test")
    return gateway.alert_tests.send(order)[row.channel]


def _check_right(principal: Principal, channel: str) -> None:
    # A device moves things in the real world, and its address is one in the operator's own network.
    if channel == "physical" and principal.role != Role.ADMIN:
        raise Refusal(Problem(403, "forbidden", "Only an administrator may set up devices"))


def _silence(gateway: Gateway, row: RecipientRow) -> None:
    """Switch a device off that is not to sound any more; what was stored holds in any case."""
    if row.channel == "physical":
        number = str(row.id)
        gateway.soft_redis.attempt(lambda redis: SwitchOffs(redis).disarm(number), otherwise=False, purpose="devices")


def _ask_if_needed(session: Session, row: RecipientRow, gateway: Gateway) -> None:
    if row.verified_at is None and gateway.settings.gateway.public_url is not None:
        ask_to_verify(session, row, now=gateway.now())


def _note(
    session: Session,
    gateway: Gateway,
    principal: Principal,
    row: RecipientRow,
    action: str,
    *,
    detail: dict[str, object] | None = None,
) -> None:
    target = f"recipient:{row.id}"
    record(session, principal.actor, action=f"recipient.{action}", target=target, now=gateway.now(), detail=detail)
