"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.auth.tokens import Claims
from shared.accounts.audit import Actor
from shared.accounts.roles import Role, Scope


@dataclass(frozen=True, slots=True)
class Principal:
    """An account behind a request, with what this request may do.

    It came with the key `key_name`, with a `token`, with a token of the settings (a `key_name`, no `key_id`), or with a
    password. `is_nobody`: it brought nothing, and that is enough.
    """

    account_id: int
    username: str
    role: str
    scopes: frozenset[Scope]
    address: str = ""
    key_id: int | None = None
    key_name: str | None = None
    token: Claims | None = None
    is_nobody: bool = False

    @property
    def visible_account(self) -> int | None:
        """The account whose things this principal sees; None means everybody's."""
        return None if self.role == Role.ADMIN else self.account_id

    @property
    def actor(self) -> Actor:
        """How the audit trail names the principal."""
        name = f"{self.username}/key:{self.key_name}" if self.key_name is not None else self.username
        return Actor(principal=name, account_id=self.account_id, address=self.address)
