"""Deleting what is too old, and keeping what must not be deleted."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.events import event_of
from shared.accounts.audit import record
from shared.retention.old_events import Removed


def clean_up(gateway: Gateway, principal: Principal) -> Removed:
    """Delete what is due of what the principal sees. Blocks for some seconds at most."""
    removed = gateway.cleanup.run(account_id=principal.visible_account)
    detail = {"events": removed.events, "recognitions": removed.recognitions, "files": removed.files}
    detail |= {"days": gateway.cleanup.days}
    with gateway.writing() as session:
        target, now = f"account:{principal.visible_account or 'all'}", gateway.now()
        record(session, principal.actor, action="retention.cleanup", target=target, now=now, detail=detail)
    return removed


def hold(gateway: Gateway, principal: Principal, event_uuid: str, *, is_held: bool, reason: str | None) -> bool:
    """Put an event under legal hold, or end that. Whether it is under hold. Raises `NotFound`."""
    now = gateway.now()
    with gateway.writing() as session:
        # Locked: whoever deletes old events either is done with it, or sees the hold.
        event = event_of(session, event_uuid, account_id=principal.visible_account, for_update=True)
        event.legal_hold = is_held
        action, detail = ("event.hold" if is_held else "event.release"), {"reason": reason} if reason else {}
        record(session, principal.actor, action=action, target=f"event:{event_uuid}", now=now, detail=detail)
    return is_held
