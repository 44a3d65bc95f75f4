"""Arming through the API."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from shared.accounts.arming import set_arm_state
from shared.accounts.audit import record
from shared.domain.arming import ArmState
from shared.messages.commands import SyncRules


def arm(gateway: Gateway, principal: Principal, state: ArmState) -> ArmState:
    """Arm the principal's own account, and tell the services."""
    with gateway.writing() as session:
        set_arm_state(session, principal.account_id, state)
        target, detail = f"account:{principal.account_id}", {"state": state}
        record(session, principal.actor, action="account.arm", target=target, now=gateway.now(), detail=detail)
    gateway.order(SyncRules())
    return state
