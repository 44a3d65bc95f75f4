"""Logins that last, each renewed by one refresh token at a time. Functions work in the caller's transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from shared.db.accounts import Account
from shared.db.login_sessions import LoginSession
from shared.db.prepared import Prepared, Reader

# Every request with a token runs it.
_HOLDER = Prepared(
    select(
        Account.__table__.c.id,
        Account.__table__.c.uuid,
        Account.__table__.c.username,
        Account.__table__.c.role,
        LoginSession.__table__.c.expires_at,
    )
    .join_from(LoginSession.__table__, Account.__table__)
    .where(
        LoginSession.__table__.c.id == bindparam("session"),
        LoginSession.__table__.c.ended_at.is_(None),
        Account.__table__.c.uuid == bindparam("account"),
        Account.__table__.c.enabled,
    )
)


@dataclass(frozen=True, slots=True)
class SessionHolder:
    """Who logged in."""

    account_id: int
    uuid: str
    username: str
    role: str


class Renewal(StrEnum):
    """What became of a renewal. `reused`: with a token that was used before, by which the session has ended."""

    RENEWED = "renewed"
    REUSED = "reused"
    ENDED = "ended"


def begin_session(
    session: Session,
    *,
    session_id: str,
    account_id: int,
    refresh_token: str,
    expires_at: datetime,
    address: str,
    now: datetime,
) -> None:
    """Store a login. What nobody can renew any more is removed on the way."""
    session.execute(delete(LoginSession).where(LoginSession.expires_at <= now))
    session.add(
        LoginSession(
            id=session_id,
            account_id=account_id,
            refresh_hash=_digest(refresh_token),
            address=address[:64],
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()


def renew_session(
    session: Session, session_id: str, *, used: str, following: str, expires_at: datetime, now: datetime
) -> Renewal:
    """Let the refresh token `following` take the place of `used`, once.

    `used` must be sound (signed for this session): then one that is not the session's present one was used before, by
    its owner or by a thief, and nobody can tell which. The session ends.
    """
    is_open = (LoginSession.id == session_id, LoginSession.ended_at.is_(None), LoginSession.expires_at > now)
    renewed = session.execute(
        update(LoginSession)
        .where(*is_open, LoginSession.refresh_hash == _digest(used))
        .values(refresh_hash=_digest(following), expires_at=expires_at)
    )
    assert isinstance(renewed, CursorResult)  # noqa: S101 – for the type checker: an UPDATE has no other
    if renewed.rowcount:
        return Renewal.RENEWED
    ended = session.execute(update(LoginSession).where(*is_open).values(ended_at=now))
    assert isinstance(ended, CursorResult)  # noqa: S101
    return Renewal.REUSED if ended.rowcount else Renewal.ENDED


def end_session(session: Session, session_id: str, *, now: datetime) -> None:
    """End a login at once: none of its tokens is good any more."""
    session.execute(
        update(LoginSession).where(LoginSession.id == session_id, LoginSession.ended_at.is_(None)).values(ended_at=now)
    )


def end_sessions_of(session: Session, account_id: int) -> None:
    """End every login of an account."""
    session.execute(delete(LoginSession).where(LoginSession.account_id == account_id))


def session_holder(reader: Reader, session_id: str, *, account_uuid: str, now: datetime) -> SessionHolder | None:
    """Whose login it is; None for one that was ended or not renewed, and for a disabled account."""
    found = reader.rows(_HOLDER, {"session": session_id, "account": account_uuid})
    if not found:
        return None
    account_id, uuid, username, role, expires_at = found[0]
    return SessionHolder(account_id, uuid, username, role) if expires_at > now else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
