"""Accounts that people make for themselves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.gateway.gateway import Gateway
from services.gateway.problem import Problem, Refusal
from shared.accounts.audit import Actor, record
from shared.accounts.passwords import hash_password
from shared.accounts.roles import Role
from shared.accounts.users import check_username, count_accounts, store_account
from shared.db.accounts import Account

# Whoever looks after the installation, and one more.
_FIRST = 1


def is_open(gateway: Gateway) -> bool:
    """Whether anybody may register now."""
    with gateway.reads() as session:
        return _is_open(gateway, session)


def register(gateway: Gateway, *, username: str, email: str, password: str, address: str) -> Account:
    """Make an operator's account, who sees and writes what is his own.

    Takes tens of milliseconds on purpose. Raises `Refusal` (403) when registration is closed, before it tells
    anything else, `UserError` for what is wrong and `Conflict` when the name is taken.
    """
    now = gateway.now()
    with gateway.reads() as session:
        _check(gateway, session, username)
    with gateway.authenticator.hashing():
        password_hash = hash_password(password)
    with gateway.writing() as session:
        _check(gateway, session, username, for_update=True)
        account = store_account(
            session, username=username, password_hash=password_hash, role=Role.OPERATOR, now=now, email=email
        )
        actor = Actor(principal=username, account_id=account.id, address=address)
        record(session, actor, action="account.register", target=f"account:{account.id}", now=now)
    return account


def _check(gateway: Gateway, session: Session, username: str, *, for_update: bool = False) -> None:
    if not _is_open(gateway, session, for_update=for_update):
        raise Refusal(Problem(403, "registration_closed", "Registration is closed: ask the administrator"))
    check_username(session, username)


def _is_open(gateway: Gateway, session: Session, *, for_update: bool = False) -> bool:
    mode = gateway.settings.gateway.registration
    if mode != "first":
        return mode == "open"
    return count_accounts(session, for_update=for_update) <= _FIRST
