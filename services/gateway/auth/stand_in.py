"""Acting for an account without a key or password of its own, because the settings say so."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.auth.principal import Principal
from shared.accounts.roles import Role, Scope, scopes_of
from shared.db.accounts import Account


@dataclass(frozen=True, slots=True)
class StandIn:
    """For whom a request acts: the account `username`, or the oldest administrator. Never more than read and write.

    `name` is what it came with, as the audit trail names it; None when it brought nothing.
    """

    username: str | None
    name: str | None

    def account(self, session: Session) -> Account | None:
        """The account; None when there is no such one, or it is disabled."""
        query = select(Account).where(Account.enabled).order_by(Account.id).limit(1)
        if self.username is not None:
            return session.scalar(query.where(Account.username == self.username))
        return session.scalar(query.where(Account.role == Role.ADMIN))

    def principal(self, account: Account, *, address: str) -> Principal:
        """Who asks, then."""
        return Principal(
            account_id=account.id,
            username=account.username,
            role=account.role,
            scopes=scopes_of(account.role) & {Scope.READ, Scope.WRITE},
            address=address,
            key_name=self.name or "nobody",
            is_nobody=self.name is None,
        )
