from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from shared.accounts.audit import Actor, record
from shared.accounts.keys import create_key, is_touch_due, key_holder, list_keys, revoke_key, touch_key
from shared.accounts.passwords import password_matches
from shared.accounts.roles import Scope, implied
from shared.accounts.users import account_named, add_account, ensure_admin, list_accounts, set_password
from shared.db.accounts import Account, ApiKey, AuditRow
from shared.db.prepared import reader_of
from shared.domain.errors import Conflict, NotFound, UserError
from shared.settings import Settings
from tests.conftest import PROJECT

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


def _account(session: Session, name: str = "alice", role: str = "operator") -> Account:
    return add_account(session, username=name, password="correct horse", role=role, now=NOW)


def test_a_password_is_stored_as_an_argon2id_hash_that_only_the_password_matches(session: Session) -> None:
    account = _account(session)
    assert account.password_hash.startswith("$argon2id$")
    assert password_matches(account.password_hash, "correct horse")
    assert not password_matches(account.password_hash, "correct horsf")
    assert not password_matches("not a hash", "correct horse")


def test_guessing_a_password_costs_what_rfc_9106_advises_where_memory_is_short() -> None:
    # In a process of its own: these tests hash at less cost.
    with_defaults = subprocess.run(
        [sys.executable, "-c", "from shared.accounts.passwords import hash_password as h; print(h('correct horse'))"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert with_defaults.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    ("username", "password", "role", "field"),
    [
        ("", "correct horse", "viewer", "username"),
        ("a:b", "correct horse", "viewer", "username"),
        ("x" * 65, "correct horse", "viewer", "username"),
        ("alice", "sh0rt!", "viewer", "password"),
        ("alice", "x" * 300, "viewer", "password"),
        ("alice", "correct horse", "king", "role"),
    ],
)
def test_a_bad_account_is_refused_by_its_field(
    session: Session, username: str, password: str, role: str, field: str
) -> None:
    with pytest.raises(UserError) as caught:
        add_account(session, username=username, password=password, role=role, now=NOW)
    assert caught.value.field == field
    assert not password or password not in str(caught.value)
    assert list_accounts(session) == []


def test_a_user_name_is_taken_only_once(session: Session) -> None:
    _account(session)
    with pytest.raises(Conflict, match="alice exists already"):
        _account(session)


def test_a_changed_password_replaces_the_old_one(session: Session) -> None:
    _account(session)
    changed = set_password(session, username="alice", password="battery staple")
    assert password_matches(changed.password_hash, "battery staple")
    assert not password_matches(changed.password_hash, "correct horse")
    with pytest.raises(NotFound):
        account_named(session, "nobody")


def test_the_first_admin_gets_the_configured_name_and_password(session: Session, tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"data_dir": tmp_path, "admin_username": "root", "admin_password": "correct horse"}
    )
    assert ensure_admin(session, settings, now=NOW) == ("root", None)
    assert password_matches(account_named(session, "root").password_hash, "correct horse")


def test_without_a_configured_password_one_is_made_up_and_told_once(session: Session, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    username, password = ensure_admin(session, settings, now=NOW)
    assert username == "admin"
    assert password is not None
    assert password_matches(account_named(session, "admin").password_hash, password)
    assert ensure_admin(session, settings, now=NOW) == ("admin", None)
    assert len(list_accounts(session)) == 1


def test_a_key_is_stored_only_as_its_hash_and_names_its_holder(session: Session) -> None:
    made = create_key(session, account=_account(session), name="my_app", now=NOW, ttl_days=365)
    assert made.text.startswith("sk-")
    assert made.text not in repr(made)
    stored = session.scalars(select(ApiKey)).one()
    assert made.text not in (stored.key_hash, stored.prefix)
    assert stored.expires_at == NOW + timedelta(days=365)
    holder = key_holder(reader_of(session), made.text, now=NOW)
    assert holder is not None
    assert (holder.username, holder.scopes) == ("alice", frozenset({Scope.READ, Scope.WRITE}))


def test_an_unknown_expired_or_revoked_key_and_one_of_a_disabled_account_open_nothing(session: Session) -> None:
    account = _account(session)
    made = create_key(session, account=account, name="a", now=NOW, ttl_days=1)
    assert key_holder(reader_of(session), made.text + "x", now=NOW) is None
    assert key_holder(reader_of(session), made.text, now=NOW + timedelta(days=1)) is None
    account.enabled = False
    session.flush()
    assert key_holder(reader_of(session), made.text, now=NOW) is None
    account.enabled = True
    revoke_key(session, made.row.id, now=NOW)
    session.flush()
    assert key_holder(reader_of(session), made.text, now=NOW) is None
    assert list_keys(session) == []


def test_a_key_never_does_more_than_its_account(session: Session) -> None:
    account = _account(session, role="viewer")
    with pytest.raises(UserError, match="beyond the account's role viewer"):
        create_key(session, account=account, name="a", now=NOW, scopes=["write"])
    admin = _account(session, name="boss", role="admin")
    made = create_key(session, account=admin, name="a", now=NOW, scopes=["admin"])
    admin.role = "operator"
    session.flush()
    holder = key_holder(reader_of(session), made.text, now=NOW)
    assert holder is not None
    assert Scope.ADMIN not in holder.scopes


@pytest.mark.parametrize(
    ("kwargs", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a", "ttl_days": 0}, "ttl_days"),
        ({"name": "a", "ttl_days": 10**9}, "ttl_days"),
        ({"name": "a", "scopes": ["fly"]}, "scopes"),
        ({"name": "a", "scopes": []}, "scopes"),
    ],
)
def test_a_bad_key_is_refused_by_its_field(session: Session, kwargs: dict[str, object], field: str) -> None:
    account = _account(session)
    with pytest.raises(UserError) as caught:
        create_key(session, account=account, now=NOW, **kwargs)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_somebody_elses_key_cannot_be_revoked(session: Session) -> None:
    made = create_key(session, account=_account(session), name="a", now=NOW)
    other = _account(session, name="bob")
    with pytest.raises(NotFound):
        revoke_key(session, made.row.id, now=NOW, account_id=other.id)
    assert [key.id for key, _ in list_keys(session)] == [made.row.id]
    assert list_keys(session, account_id=other.id) == []


def test_the_time_of_last_use_is_written_once_a_minute(session: Session) -> None:
    made = create_key(session, account=_account(session), name="a", now=NOW)
    touch_key(session, made.row.id, now=NOW)
    holder = key_holder(reader_of(session), made.text, now=NOW)
    assert holder is not None
    assert holder.last_used_at == NOW
    assert not is_touch_due(NOW, now=NOW + timedelta(seconds=59))
    assert is_touch_due(NOW, now=NOW + timedelta(seconds=60))
    assert is_touch_due(None, now=NOW)


def test_higher_scopes_include_lower_ones() -> None:
    assert implied(["admin"]) == {Scope.READ, Scope.WRITE, Scope.ADMIN}
    assert implied(["write", "nonsense"]) == {Scope.READ, Scope.WRITE}
    assert implied([]) == frozenset()


def test_an_audit_row_tells_who_did_what_from_where(session: Session) -> None:
    record(session, Actor("alice", 1, "10.0.0.1"), action="camera.add", target="cam_001", now=NOW)
    session.flush()
    row = session.scalars(select(AuditRow)).one()
    assert (row.principal, row.action, row.target, row.address) == ("alice", "camera.add", "cam_001", "10.0.0.1")
