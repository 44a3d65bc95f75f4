"""Statements prepared for the driver: the same answers as SQLAlchemy's own, on every database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, bindparam, func, literal, select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from shared.accounts.keys import create_key, key_holder
from shared.accounts.users import add_account
from shared.db.accounts import Account, ApiKey
from shared.db.engine import connect
from shared.db.events import Event
from shared.db.migrate import upgrade
from shared.db.prepared import Prepared, Reader, Readers, reader_of

NOW = datetime(2026, 1, 15, 10, 30, 0, 250_000, UTC)
_KEYS = ApiKey.__table__.c
_ACCOUNTS = Account.__table__.c


@pytest.fixture
def filled(engine: Engine) -> Engine:
    upgrade(engine)
    with Session(engine) as session:
        account = add_account(session, username="alice", password="correct horse battery", role="operator", now=NOW)
        for name in ("front", "back"):
            create_key(session, account=account, name=name, now=NOW, ttl_days=1)
        session.commit()
    return engine


def test_times_lists_and_truths_come_as_a_session_gives_them(filled: Engine) -> None:
    statement = (
        select(_KEYS.name, _KEYS.scopes, _KEYS.created_at, _KEYS.revoked_at, _KEYS.expires_at.is_not(None), literal(7))
        .where(_KEYS.created_at == bindparam("at"), _KEYS.id > bindparam("after"))
        .order_by(_KEYS.id)
        .limit(bindparam("limit"))
    )
    query, values = Prepared(statement), {"at": NOW, "after": 0, "limit": 5}
    with Readers(filled)() as reader:
        found = [reader.rows(query, values) for _ in range(2)]
    with Session(filled) as session:
        expected = [tuple(row) for row in session.execute(statement, values)]
    assert found == [expected, expected]
    assert [row[2] for row in expected] == [NOW, NOW]
    assert isinstance(found[0][0][4], bool)


def test_fractions_come_as_fractions(filled: Engine) -> None:
    columns = Event.__table__.c
    with Session(filled) as session:
        times = dict.fromkeys(("started_at", "occurred_at", "stored_at"), NOW)
        session.add(Event(uuid="e", account_id=None, camera_slug="cam_001", label="person", confidence=0.1, **times))
        session.flush()
        query = Prepared(select(columns.confidence, columns.box))
        assert reader_of(session).rows(query, {}) == [(0.1, None)]


def test_other_values_get_other_rows(filled: Engine) -> None:
    query = Prepared(select(_KEYS.name).where(_KEYS.name == bindparam("name")))
    with Readers(filled)() as reader:
        assert [reader.rows(query, {"name": name}) for name in ("front", "back", "side")] == [
            [("front",)],
            [("back",)],
            [],
        ]


def test_a_reader_within_a_session_sees_what_was_flushed_there(filled: Engine) -> None:
    with Session(filled) as session:
        owner = session.scalars(select(Account)).one()
        made = create_key(session, account=owner, name="side", now=NOW)
        assert key_holder(reader_of(session), made.text, now=NOW) is not None
        with Readers(filled)() as other:
            assert key_holder(other, made.text, now=NOW) is None


def test_one_reader_sees_one_moment_and_the_next_one_what_came_since(filled: Engine) -> None:
    count = Prepared(select(func.count(_ACCOUNTS.id)))

    def number(reader: Reader) -> int:
        return int(reader.rows(count, {})[0][0])

    with Readers(filled)() as early:
        assert number(early) == 1
        with Session(filled) as session:
            add_account(session, username="bob", password="correct horse battery", role="viewer", now=NOW)
            session.commit()
        assert number(early) == (1 if filled.dialect.name == "sqlite" else 2)  # PostgreSQL: committed is readable
    with Readers(filled)() as late:
        assert number(late) == 2


def test_every_reader_gives_its_connection_back(database_url: str) -> None:
    engine = connect(database_url, pool_size=1)
    upgrade(engine)
    query = Prepared(select(func.count(_ACCOUNTS.id)))
    for _ in range(30):
        with Readers(engine)() as reader:
            assert reader.rows(query, {}) == [(0,)]
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    engine.dispose()


def test_the_errors_are_the_ones_that_a_session_raises(sqlite_url: str, tmp_path: Path) -> None:
    engine = connect(sqlite_url)
    with Readers(engine)() as reader, pytest.raises((OperationalError, ProgrammingError), match="accounts"):
        reader.rows(Prepared(select(_ACCOUNTS.id)), {})
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    engine.dispose()
    nowhere = connect(f"sqlite:///{tmp_path / 'gone' / 'argus.db'}")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OperationalError), Readers(nowhere)():
        pass
