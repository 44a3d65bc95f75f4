"""In which state accounts are armed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from shared.accounts.arming import arm_state
from shared.domain.arming import ArmState


def state_of(session: Session, account_id: int) -> ArmState:
    """The account's state."""
    return arm_state(session, account_id)
