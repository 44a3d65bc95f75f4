"""Whether somebody who was let in may still be there: for answers that go on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.gateway.auth.principal import Principal
from shared.db.accounts import Account, ApiKey
from shared.db.login_sessions import LoginSession


def still_stands(session: Session, principal: Principal, *, now: datetime) -> bool:
    """Whether the account is there with the same role, and the key or login that it came with is still good.

    A token's own quarter of an hour does not count: what was begun within it may go on as long as its login.
    """
    account = session.get(Account, principal.account_id)
    if account is None or not account.enabled or account.role != principal.role:
        return False
    if principal.key_id is not None:
        key = session.get(ApiKey, principal.key_id)
        return key is not None and key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
    if principal.token is not None:
        login = session.get(LoginSession, principal.token.session)
        return login is not None and login.ended_at is None and login.expires_at > now
    return True
