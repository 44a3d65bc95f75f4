"""Whoever was let in may stay for as long as the account, and the key or login, is good."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from services.gateway.auth.principal import Principal
from services.gateway.auth.tokens import Claims, TokenUse
from services.gateway.queries.standing import still_stands
from shared.db.accounts import Account, ApiKey
from shared.db.login_sessions import LoginSession
from tests.unit.gateway.installation import START, Api


def _stands(api: Api, principal: Principal) -> bool:
    with api.opened.gateway.reads() as session:
        return still_stands(session, principal, now=api.clock())


def _alice(api: Api, **more: object) -> Principal:
    with api.opened.gateway.reads() as session:
        account = session.scalars(select(Account).where(Account.username == "alice")).one()
        return Principal(account.id, "alice", account.role, frozenset(), **more)  # type: ignore[arg-type]


def _change(api: Api, row: type, number: object, **values: object) -> None:
    with api.opened.gateway.writing() as session:
        stored = session.get_one(row, number)
        for name, value in values.items():
            setattr(stored, name, value)


def test_a_password_stands_until_the_account_is_disabled_or_its_role_another(api: Api) -> None:
    alice = _alice(api)
    assert _stands(api, alice)
    _change(api, Account, alice.account_id, role="viewer")
    assert not _stands(api, alice)
    _change(api, Account, alice.account_id, role="operator", enabled=False)
    assert not _stands(api, alice)


def test_a_key_stands_until_it_is_revoked_or_runs_out(api: Api) -> None:
    with api.opened.gateway.reads() as session:
        key = session.scalars(select(ApiKey).where(ApiKey.account_id == _alice(api).account_id)).first()
        assert key is not None
    alice = _alice(api, key_id=key.id, key_name=key.name)
    assert _stands(api, alice)
    _change(api, ApiKey, key.id, expires_at=START + timedelta(hours=1))
    assert _stands(api, alice)
    api.clock.forward(hours=1)
    assert not _stands(api, alice)
    _change(api, ApiKey, key.id, expires_at=None, revoked_at=START)
    assert not _stands(api, alice)


def test_a_token_stands_for_as_long_as_its_login(api: Api) -> None:
    login = "00000000-0000-4000-8000-000000000001"
    claims = Claims(id="1", use=TokenUse.ACCESS, account_uuid="a", session=login, expires_at=START)
    alice = _alice(api, token=claims)
    assert not _stands(api, alice)
    with api.opened.gateway.writing() as session:
        end = START + timedelta(days=1)
        session.add(
            LoginSession(
                id=login, account_id=alice.account_id, refresh_hash="x", created_at=START, expires_at=end, ended_at=None
            )
        )
    assert _stands(api, alice)
    _change(api, LoginSession, login, ended_at=START)
    assert not _stands(api, alice)
