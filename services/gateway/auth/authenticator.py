"""From credentials to a principal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from services.gateway.auth.backoff import LoginBackoff
from services.gateway.auth.password_cache import PasswordCache
from services.gateway.auth.principal import Principal
from services.gateway.auth.revocations import Revocations
from services.gateway.auth.stand_in import StandIn
from services.gateway.auth.tokens import InvalidToken, Tokens, TokenUse
from services.gateway.problem import Problem, Refusal
from shared.accounts.keys import is_touch_due, key_holder, touch_key
from shared.accounts.passwords import MAX_LENGTH, password_matches, waste_a_verification
from shared.accounts.roles import scopes_of
from shared.accounts.sessions import session_holder
from shared.db.accounts import Account
from shared.db.engine import SessionFactory
from shared.db.prepared import Readers
from shared.observability import get_logger

log = get_logger("gateway.auth")

_BASIC = 'Basic realm="Argus", charset="UTF-8"'
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brought along: an API key, a signed token, or a user name with a password.

    `bearer_uses` is what a token may be for where it was found; `challenge` says how to bring credentials. `stand_in`
    is filled in by a dialect for a request that its settings let act for an account.
    """

    address: str
    key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    bearer_uses: frozenset[TokenUse] = frozenset({TokenUse.ACCESS})
    challenge: str = _BASIC
    stand_in: StandIn | None = None

    @property
    def are_there(self) -> bool:
        """Whether the request brought any."""
        return any(each is not None for each in (self.key, self.bearer, self.stand_in, self.username))


class Authenticator:
    """Checks credentials against the accounts. Thread-safe; raises `Refusal` (401, 429)."""

    def __init__(
        self,
        *,
        reads: SessionFactory,
        readers: Readers,
        writes: SessionFactory,
        backoff: LoginBackoff,
        tokens: Tokens,
        revocations: Revocations,
        now: Callable[[], datetime],
    ) -> None:
        self._reads = reads
        self._readers = readers
        self._writes = writes
        self._backoff = backoff
        self._tokens = tokens
        self._revocations = revocations
        self._now = now
        self._cache = PasswordCache()
        # Each check takes 64 MiB and a core for a moment: a flood of logins must not take the machine.
        self._hashing = threading.BoundedSemaphore(_AT_ONCE)

    def principal(self, credentials: Credentials) -> Principal:
        """Who brought these credentials. A key goes before a token, and that before a password."""
        if credentials.key is not None:
            return self._by_key(credentials)
        if credentials.bearer is not None:
            return self._by_token(credentials)
        if credentials.stand_in is not None:
            return self._by_stand_in(credentials.stand_in, credentials)
        if credentials.username is not None and credentials.password is not None:
            return self._by_password(credentials.username, credentials.password, credentials.address)
        raise _unauthorized("An API key (X-API-Key) or a user name and password are required", credentials.challenge)

    @contextmanager
    def hashing(self) -> Iterator[None]:
        """A place among those who hash a password now; blocks until there is one."""
        with self._hashing:
            yield

    def _by_token(self, credentials: Credentials) -> Principal:
        now = self._now()
        try:
            claims = self._tokens.read(credentials.bearer or "", credentials.bearer_uses)
        except InvalidToken:
            raise _invalid_token(credentials.challenge) from None
        if claims in self._revocations:
            raise _invalid_token(credentials.challenge)
        with self._readers() as reader:
            holder = session_holder(reader, claims.session, account_uuid=claims.account_uuid, now=now)
        if holder is None:
            raise _invalid_token(credentials.challenge)
        return Principal(
            account_id=holder.account_id,
            username=holder.username,
            role=holder.role,
            scopes=scopes_of(holder.role),
            address=credentials.address,
            token=claims,
        )

    def _by_stand_in(self, stand_in: StandIn, credentials: Credentials) -> Principal:
        with self._reads() as session:
            account = stand_in.account(session)
        if account is None:
            log.warning("no_account_to_stand_in_for", account=stand_in.username)
            raise _unauthorized("The account behind this token does not exist", credentials.challenge)
        return stand_in.principal(account, address=credentials.address)

    def _by_key(self, credentials: Credentials) -> Principal:
        now = self._now()
        with self._readers() as reader:
            holder = key_holder(reader, credentials.key or "", now=now)
        if holder is None:
            raise _unauthorized("The API key is invalid, expired or revoked", credentials.challenge)
        if is_touch_due(holder.last_used_at, now=now):
            self._touch(holder.key_id, now)
        return Principal(
            account_id=holder.account_id,
            username=holder.username,
            role=holder.role,
            scopes=holder.scopes,
            address=credentials.address,
            key_id=holder.key_id,
            key_name=holder.key_name,
        )

    def _touch(self, key_id: int, now: datetime) -> None:
        try:
            with self._writes() as session:
                touch_key(session, key_id, now=now)
                session.commit()
        except SQLAlchemyError as error:
            # The time of last use is a nicety; a database that only reads must not stop readers.
            log.warning("key_use_not_noted", key_id=key_id, reason=type(error).__name__)

    def _by_password(self, username: str, password: str, address: str) -> Principal:
        wait_s = self._backoff.wait_s(username, address)
        if wait_s:
            headers = {"Retry-After": str(wait_s)}
            raise Refusal(Problem(429, "too_many_attempts", f"Too many failed logins; wait {wait_s} s", (), headers))
        account = self._account(username)
        if not self._matches(account, password):
            self._backoff.failed(username, address)
            raise _unauthorized("The user name or password is wrong")
        assert account is not None  # noqa: S101 – for the type checker: nobody matches no account
        return Principal(
            account_id=account.id,
            username=account.username,
            role=account.role,
            scopes=scopes_of(account.role),
            address=address,
        )

    def _account(self, username: str) -> Account | None:
        if len(username) > 64 or "\0" in username:
            return None
        with self._reads() as session:
            return session.scalar(select(Account).where(Account.username == username, Account.enabled))

    def _matches(self, account: Account | None, password: str) -> bool:
        if len(password) > MAX_LENGTH:
            return False
        if account is not None and self._cache.knows(account.password_hash, password):
            return True
        with self._hashing:
            if account is None:
                waste_a_verification(password)
                return False
            if not password_matches(account.password_hash, password):
                return False
        self._cache.remember(account.password_hash, password)
        return True


def _unauthorized(message: str, challenge: str = _BASIC) -> Refusal:
    return Refusal(Problem(401, "unauthorized", message, headers={"WWW-Authenticate": challenge}))


def _invalid_token(challenge: str) -> Refusal:
    headers = {"WWW-Authenticate": f'{challenge}, error="invalid_token"'}
    return Refusal(Problem(401, "invalid_token", "The token is invalid, expired or revoked", headers=headers))
