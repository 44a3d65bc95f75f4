"""The trail of writes: who did what to which thing, from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from shared.db.accounts import AuditRow


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: `principal` is a user name or where an order came from (`alice`, `alice/key:my_app`, `cli`)."""

    principal: str
    account_id: int | None = None
    address: str = ""


def record(
    session: Session, actor: Actor, *, action: str, target: str, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Leave a row in the caller's transaction. `detail` names what changed and never holds a secret."""
    session.add(
        AuditRow(
            at=now,
            account_id=actor.account_id,
            principal=actor.principal[:128],
            action=action,
            target=target[:128],
            address=actor.address[:64],
            detail=detail or {},
        )
    )
