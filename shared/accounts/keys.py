"""API keys: `sk-…`, shown once, stored as SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from shared.accounts.roles import Scope, implied, scopes_of
from shared.db.accounts import Account, ApiKey
from shared.db.prepared import Prepared, Reader
from shared.domain.errors import NotFound, UserError

PREFIX = "sk-"
MAX_TTL_DAYS = 3650
TOUCH_EVERY = timedelta(minutes=1)

# Every request with a key runs it.
_HOLDER = Prepared(
    select(
        ApiKey.__table__.c.id,
        ApiKey.__table__.c.name,
        ApiKey.__table__.c.key_hash,
        ApiKey.__table__.c.scopes,
        ApiKey.__table__.c.expires_at,
        ApiKey.__table__.c.last_used_at,
        Account.__table__.c.id,
        Account.__table__.c.username,
        Account.__table__.c.role,
    )
    .join_from(ApiKey.__table__, Account.__table__)
    .where(
        ApiKey.__table__.c.key_hash == bindparam("digest"),
        ApiKey.__table__.c.revoked_at.is_(None),
        Account.__table__.c.enabled,
    )
)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it leaves the system, once: `text` is nowhere else."""

    row: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"NewKey({self.row.prefix}…)"


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key it is, and what it may do: its scopes, as far as the account's role still allows them."""

    key_id: int
    key_name: str
    account_id: int
    username: str
    role: str
    scopes: frozenset[Scope]
    last_used_at: datetime | None


def create_key(
    session: Session,
    *,
    account: Account,
    name: str,
    now: datetime,
    scopes: Iterable[str] | None = None,
    ttl_days: int | None = None,
) -> NewKey:
    """A new key, flushed but not committed. No `scopes` means all the account may do; no `ttl_days`, no end.

    Raises `UserError` for a bad name, a scope beyond the account's role, or a time to live out of range.
    """
    if not 1 <= len(name) <= 128:
        raise UserError("name", "has no or more than 128 characters", remedy="name what will use the key")
    if ttl_days is not None and not 1 <= ttl_days <= MAX_TTL_DAYS:
        raise UserError("ttl_days", "is out of range", remedy=f"use 1 to {MAX_TTL_DAYS}, or leave it out")
    text = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        account_id=account.id,
        name=name,
        key_hash=_digest(text),
        prefix=text[:10],
        scopes=sorted(_permitted(scopes, role=account.role)),
        created_at=now,
        expires_at=now + timedelta(days=ttl_days) if ttl_days is not None else None,
    )
    session.add(row)
    session.flush()
    return NewKey(row=row, text=text)


def key_holder(reader: Reader, text: str, *, now: datetime) -> KeyHolder | None:
    """Who holds the key; None for an unknown, expired or revoked one and for a disabled account."""
    digest = _digest(text)
    found = reader.rows(_HOLDER, {"digest": digest})
    if not found:
        return None
    key_id, key_name, stored, scopes, expires_at, last_used_at, account_id, username, role = found[0]
    if not hmac.compare_digest(stored, digest) or (expires_at is not None and expires_at <= now):
        return None
    return KeyHolder(
        key_id=key_id,
        key_name=key_name,
        account_id=account_id,
        username=username,
        role=role,
        scopes=implied(scopes) & scopes_of(role),
        last_used_at=last_used_at,
    )


def is_touch_due(last_used_at: datetime | None, *, now: datetime) -> bool:
    """Whether the time of last use is old enough to be written again (a write per request would cost too much)."""
    return last_used_at is None or now - last_used_at >= TOUCH_EVERY


def touch_key(session: Session, key_id: int, *, now: datetime) -> None:
    """Note that the key was used."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))


def list_keys(
    session: Session, *, account_id: int | None = None, limit: int | None = None, offset: int = 0
) -> Sequence[tuple[ApiKey, str]]:
    """Keys that are not revoked, newest first, each with its user name; of one account, or of all with None."""
    query = select(ApiKey, Account.username).join(Account, Account.id == ApiKey.account_id)
    query = query.where(*_not_revoked(account_id)).order_by(ApiKey.id.desc()).limit(limit).offset(offset)
    return [(key, username) for key, username in session.execute(query)]


def count_keys(session: Session, *, account_id: int | None = None) -> int:
    """How many `list_keys` has in all."""
    return session.execute(select(func.count()).select_from(ApiKey).where(*_not_revoked(account_id))).scalar_one()


def _not_revoked(account_id: int | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [ApiKey.revoked_at.is_(None)]
    return conditions if account_id is None else [*conditions, ApiKey.account_id == account_id]


def revoke_key(session: Session, key_id: int, *, now: datetime, account_id: int | None = None) -> ApiKey:
    """End a key at once. With `account_id`, only one of that account. Raises `NotFound`."""
    key = session.get(ApiKey, key_id)
    if key is None or key.revoked_at is not None or account_id not in (None, key.account_id):
        raise NotFound("key", f"there is no key {key_id}", remedy="list the keys to see their ids")
    key.revoked_at = now
    return key


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _permitted(scopes: Iterable[str] | None, *, role: str) -> frozenset[Scope]:
    allowed = scopes_of(role)
    if scopes is None:
        return allowed
    asked = set(scopes)
    unknown = asked - set(Scope)
    if unknown or not asked:
        raise UserError("scopes", "holds something that is no scope, or nothing", remedy=f"use {', '.join(Scope)}")
    beyond = implied(asked) - allowed
    if beyond:
        raise UserError(
            "scopes", f"go beyond the account's role {role}", remedy=f"leave out {', '.join(sorted(beyond))}"
        )
    return implied(asked)
