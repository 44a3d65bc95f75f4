"""Making and ending API keys through the API."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.problem import Problem, Refusal
from shared.accounts.audit import record
from shared.accounts.keys import NewKey, create_key, revoke_key
from shared.accounts.roles import Scope, implied
from shared.db.accounts import Account
from shared.domain.errors import NotFound, UserError


def make_key(
    gateway: Gateway, principal: Principal, *, name: str, scopes: Sequence[str] | None, ttl_days: int | None
) -> NewKey:
    """A key for the principal's own account; never one that may do more than the principal.

    Raises `UserError`, and `Refusal` (403) when a key without scope `admin` asks: it could outlive itself.
    """
    _must_manage_keys(principal)
    now = gateway.now()
    asked = sorted(principal.scopes) if scopes is None else list(scopes)
    beyond = implied(asked) - principal.scopes
    if beyond:
        raise UserError("scopes", "go beyond your own", remedy=f"leave out {', '.join(sorted(beyond))}")
    with gateway.writing() as session:
        account = session.get(Account, principal.account_id)
        if account is None:
            raise NotFound("account", "the account was deleted")
        made = create_key(session, account=account, name=name, now=now, scopes=asked, ttl_days=ttl_days)
        detail = {"name": name, "scopes": made.row.scopes}
        record(session, principal.actor, action="key.create", target=f"key:{made.row.id}", now=now, detail=detail)
    return made


def end_key(gateway: Gateway, principal: Principal, key_id: int) -> None:
    """Revoke a key of the principal's account (an administrator: of any). Raises `NotFound`, `Refusal` (403)."""
    if principal.key_id != key_id:
        _must_manage_keys(principal)
    now = gateway.now()
    owner = None if Scope.ADMIN in principal.scopes else principal.account_id
    with gateway.writing() as session:
        revoke_key(session, key_id, now=now, account_id=owner)
        record(session, principal.actor, action="key.revoke", target=f"key:{key_id}", now=now)


def _must_manage_keys(principal: Principal) -> None:
    if principal.key_id is not None and Scope.ADMIN not in principal.scopes:
        message = "Keys are managed with user name and password, or with a key of scope 'admin'"
        raise Refusal(Problem(403, "forbidden", message))
