"""Accounts: adding, finding, passwords, and the first administrator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.accounts.passwords import hash_password, one_time_password
from shared.accounts.roles import Role, role_named
from shared.accounts.sessions import end_sessions_of
from shared.db.accounts import Account
from shared.domain.errors import Conflict, NotFound, UserError
from shared.domain.recipient import LANGUAGES
from shared.settings.root import Settings

DEFAULT_ADMIN = "admin"

# No colon: Basic authentication could not carry it.
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


def add_account(session: Session, *, username: str, password: str, role: str, now: datetime) -> Account:
    """A new account, flushed but not committed.

    Raises `UserError` for a bad user name, password or role, `Conflict` when the name is taken.
    """
    check_username(session, username)
    return store_account(session, username=username, password_hash=hash_password(password), role=role, now=now)


def check_username(session: Session, username: str) -> None:
    """Raises `UserError` for one that cannot be, `Conflict` when it is taken."""
    if not _USERNAME.fullmatch(username):
        raise UserError("username", "is not a user name", remedy="1–64 of letters, digits and . _ @ + -")
    if session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise Conflict("username", f"{username} exists already", remedy="choose another, or change its password")


def store_account(
    session: Session, *, username: str, password_hash: str, role: str, now: datetime, email: str | None = None
) -> Account:
    """The account of a checked user name, flushed but not committed. Raises `Conflict` when it was taken meanwhile."""
    account = Account(
        username=username,
        email=email,
        password_hash=password_hash,
        role=role_named(role).value,
        enabled=True,
        created_at=now,
    )
    session.add(account)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("username", f"{username} exists already", remedy="choose another") from None
    return account


def account_named(session: Session, username: str) -> Account:
    """Raises `NotFound`."""
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None:
        raise NotFound("username", f"no account is called {username}", remedy="argus user list shows them")
    return account


def account_of(session: Session, account_id: int) -> Account:
    """Raises `NotFound`."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("account", "the account was deleted")
    return account


def list_accounts(session: Session) -> Sequence[Account]:
    """Every account by name."""
    return session.scalars(select(Account).order_by(Account.username)).all()


def count_accounts(session: Session, *, for_update: bool = False) -> int:
    """How many there are. With `for_update`, whoever counts at the same time waits for this transaction's end."""
    if for_update:
        session.execute(select(Account.id).order_by(Account.id).limit(1).with_for_update())
    return int(session.scalar(select(func.count()).select_from(Account)) or 0)


def set_password(session: Session, *, username: str, password: str) -> Account:
    """Change a password; sessions that used the old one end at once. Raises `NotFound`, `UserError`."""
    account = account_named(session, username)
    account.password_hash = hash_password(password)
    end_sessions_of(session, account.id)
    return account


def set_language(session: Session, *, username: str, language: str | None) -> Account:
    """Choose in which language the judge speaks to an account; None: the setting's. Raises `NotFound`, `UserError`."""
    account = account_named(session, username)
    if language is not None and language not in LANGUAGES:
        raise UserError("language", f"{language[:16]!r} is not spoken", remedy=f"known: {', '.join(LANGUAGES)}")
    account.language = language
    return account


def ensure_admin(session: Session, settings: Settings, *, now: datetime) -> tuple[str, str | None]:
    """The first administrator, made in the caller's transaction when there is none.

    Returns the user name, and the password where it was made up here and has to be printed, once. An existing
    administrator is left as it is. Raises `UserError` for a configured name or password that cannot be used.
    """
    existing = session.scalar(select(Account.username).where(Account.role == Role.ADMIN).order_by(Account.id).limit(1))
    if existing is not None:
        return existing, None
    configured = settings.admin_password
    made_up = None if configured is not None else one_time_password()
    account = add_account(
        session,
        username=settings.admin_username or DEFAULT_ADMIN,
        password=configured.get_secret_value() if configured is not None else str(made_up),
        role=Role.ADMIN,
        now=now,
    )
    return account.username, made_up
