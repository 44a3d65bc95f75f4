"""Logging in, staying so, and logging out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from services.gateway.auth.authenticator import Credentials
from services.gateway.auth.principal import Principal
from services.gateway.auth.tokens import LIFE, Claims, InvalidToken, TokenUse
from services.gateway.gateway import Gateway
from services.gateway.problem import Problem, Refusal
from shared.accounts.audit import Actor, record
from shared.accounts.sessions import Renewal, begin_session, end_session, renew_session, session_holder
from shared.accounts.users import account_of
from shared.observability import get_logger

log = get_logger("gateway.logins")


@dataclass(frozen=True, slots=True)
class Login:
    """A login with its first tokens; what renews it is stored nowhere but with the client."""

    account_uuid: str
    session: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def log_in(gateway: Gateway, *, username: str, password: str, address: str) -> Login:
    """Begin a session for whoever knows the password. Raises `Refusal` (401, 429)."""
    principal = gateway.authenticator.principal(Credentials(address=address, username=username, password=password))
    now, session_id = gateway.now(), str(uuid.uuid4())
    with gateway.writing() as session:
        account = account_of(session, principal.account_id)
        login = _login(gateway, account.uuid, session_id)
        begin_session(
            session,
            session_id=session_id,
            account_id=account.id,
            refresh_token=login.refresh_token,
            expires_at=now + LIFE[TokenUse.REFRESH],
            address=address,
            now=now,
        )
        record(session, principal.actor, action="session.begin", target=f"session:{session_id}", now=now)
    return login


def renew(gateway: Gateway, refresh_token: str, *, address: str) -> Login:
    """The next tokens for a refresh token, which is good once. Raises `Refusal` (401).

    One that was used before ends the session: somebody else has it too.
    """
    claims, now = _refresh_claims(gateway, refresh_token), gateway.now()
    login = _login(gateway, claims.account_uuid, claims.session)
    with gateway.readers() as reader:
        holder = session_holder(reader, claims.session, account_uuid=claims.account_uuid, now=now)
    if holder is None:
        raise _refused()
    with gateway.writing() as session:
        outcome = renew_session(
            session,
            claims.session,
            used=refresh_token,
            following=login.refresh_token,
            expires_at=now + LIFE[TokenUse.REFRESH],
            now=now,
        )
        if outcome is Renewal.REUSED:
            actor = Actor(principal=holder.username, account_id=holder.account_id, address=address)
            record(session, actor, action="session.reused", target=f"session:{claims.session}", now=now)
    if outcome is Renewal.REUSED:
        log.warning("refresh_token_reused", account=holder.username, session=claims.session, address=address)
    if outcome is not Renewal.RENEWED:
        raise _refused()
    return login


def log_out(gateway: Gateway, principal: Principal) -> None:
    """End the session of the token that asked: none of its tokens is good any more."""
    claims, now = principal.token, gateway.now()
    if claims is None:
        return
    with gateway.writing() as session:
        end_session(session, claims.session, now=now)
        record(session, principal.actor, action="session.end", target=f"session:{claims.session}", now=now)
    gateway.revocations.add(claims, now=now)


def media_token(gateway: Gateway, principal: Principal) -> tuple[str, int]:
    """A token for pictures and streams alone, to be put into an address, and for how many seconds it is good.

    It is of the login of the token that asked, and ends with it. Raises `Refusal` for who came otherwise.
    """
    if principal.token is None:
        raise _refused()
    claims = principal.token
    token = gateway.tokens.mint(TokenUse.MEDIA, account_uuid=claims.account_uuid, session=claims.session)
    return token, round(LIFE[TokenUse.MEDIA].total_seconds())


def page_token(gateway: Gateway, login: Login) -> str:
    """What a browser keeps of a login."""
    return gateway.tokens.mint(TokenUse.PAGE, account_uuid=login.account_uuid, session=login.session)


def _login(gateway: Gateway, account_uuid: str, session_id: str) -> Login:
    access, refresh = (
        gateway.tokens.mint(use, account_uuid=account_uuid, session=session_id)
        for use in (TokenUse.ACCESS, TokenUse.REFRESH)
    )
    return Login(account_uuid=account_uuid, session=session_id, access_token=access, refresh_token=refresh)


def _refresh_claims(gateway: Gateway, text: str) -> Claims:
    try:
        return gateway.tokens.read(text, {TokenUse.REFRESH})
    except InvalidToken:
        raise _refused() from None


def _refused() -> Refusal:
    headers = {"WWW-Authenticate": 'Bearer realm="Argus", error="invalid_token"'}
    return Refusal(
        Problem(401, "invalid_token", "The refresh token is invalid, expired or was used before", headers=headers)
    )
