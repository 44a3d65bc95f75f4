"""Connections and sessions."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from shared.domain.errors import Transient, UserError

SessionFactory = sessionmaker[Session]

_BUSY_S: Final = 15
_AGAIN_S: Final = 0.01


def connect(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for SQLite or PostgreSQL. Opens nothing yet.

    SQLite runs in WAL mode with `BEGIN IMMEDIATE`, so that writers wait for each other instead of failing.
    Raises `UserError` for a URL that names no supported database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        try:
            return create_engine(parsed, pool_size=pool_size, pool_pre_ping=True, connect_args={"connect_timeout": 5})
        except ImportError:
            raise UserError(
                "database_url", "the driver of PostgreSQL is not installed", remedy="install argus[postgres]"
            ) from None
    _make_folder(parsed)
    engine = create_engine(parsed, pool_size=pool_size, connect_args={"timeout": _BUSY_S})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def sessions(engine: Engine) -> SessionFactory:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def read_sessions(engine: Engine) -> SessionFactory:
    """Sessions for queries alone: on SQLite they take no write lock, so writers never wait for them."""
    return sessionmaker(engine.execution_options(argus_read_only=True), expire_on_commit=False)


def as_transient(error: OperationalError) -> Transient:
    """A database that cannot be reached or is locked: the same work may succeed later."""
    return Transient(f"the database did not answer: {type(error.orig).__name__}", retry_after_s=1.0)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise UserError(
            "database_url", "is not a database URL", remedy="sqlite:///… or postgresql+psycopg://…"
        ) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise UserError(
            "database_url",
            f"{parsed.get_backend_name()} is not supported",
            remedy="use sqlite:///… or postgresql+psycopg://…",
        )
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _make_folder(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError("data_dir", f"{folder} cannot be made: {error.strerror}", remedy="choose another") from None


def _configure_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # Let SQLAlchemy's begin event below start transactions, not the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_S * 1000}", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    """Turn the log on. A new file must be had alone for that, and where it is not SQLite fails instead of waiting."""
    until = time.monotonic() + _BUSY_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


def _begin_immediate(connection: object) -> None:
    options = connection.get_execution_options()  # type: ignore[attr-defined]
    mode = "DEFERRED" if options.get("argus_read_only") else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {mode}")  # type: ignore[attr-defined]
