"""In which state an account is armed. Every function works in the caller's transaction and never commits.

Once the transaction is committed, publish `SyncRules`: rules can be awake in some states alone.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shared.db.accounts import Account
from shared.domain.arming import ARM_STATES, USUAL_ARM_STATE, ArmState


def arm_state(session: Session, account_id: int) -> ArmState:
    """The account's state."""
    return known_state(session.scalar(select(Account.arm).where(Account.id == account_id)))


def arm_states(session: Session) -> dict[int, ArmState]:
    """The state of every account."""
    return {row.id: known_state(row.arm) for row in session.execute(select(Account.id, Account.arm))}


def set_arm_state(session: Session, account_id: int, state: ArmState) -> None:
    """Change the account's state."""
    session.execute(update(Account).where(Account.id == account_id).values(arm=state))


def known_state(name: str | None) -> ArmState:
    """The state of that name; the usual one where a newer version has stored what this one does not know."""
    return next((state for state in ARM_STATES if state == name), USUAL_ARM_STATE)
