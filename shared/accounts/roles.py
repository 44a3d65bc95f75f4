"""What accounts and keys may do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from shared.domain.errors import UserError


class Role(StrEnum):
    """`admin` sees and writes all, `operator` reads and writes its own, `viewer` only reads."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


_SCOPES_OF_ROLE: dict[Role, frozenset[Scope]] = {
    Role.ADMIN: frozenset({Scope.READ, Scope.WRITE, Scope.ADMIN}),
    Role.OPERATOR: frozenset({Scope.READ, Scope.WRITE}),
    Role.VIEWER: frozenset({Scope.READ}),
}


def role_named(text: str) -> Role:
    """Raises `UserError` on the field `role` for an unknown one."""
    try:
        return Role(text)
    except ValueError:
        raise UserError("role", "is not a role", remedy=f"use one of {', '.join(Role)}") from None


def scopes_of(role: str) -> frozenset[Scope]:
    """Everything a role may do; nothing for a role this version does not know."""
    try:
        return _SCOPES_OF_ROLE[Role(role)]
    except ValueError:
        return frozenset()


def implied(scopes: Iterable[str]) -> frozenset[Scope]:
    """The scopes with what they include: `admin` includes `write`, which includes `read`; unknown ones are dropped."""
    order = [Scope.READ, Scope.WRITE, Scope.ADMIN]
    known = [order.index(Scope(scope)) for scope in scopes if scope in set(Scope)]
    return frozenset(order[: max(known) + 1]) if known else frozenset()
