"""Bringing a database to this version's schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text
from sqlalchemy.exc import DatabaseError

from shared.domain.errors import UserError

_SCRIPTS = Path(__file__).parent / "migrations"
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32)))
_UPGRADE_LOCK = 0x4152_4755  # any number that no other application uses in this database


def upgrade(engine: Engine) -> str:
    """Bring the schema to the newest revision and return it; changes nothing when it is there already.

    Raises `UserError` when the database was written by a newer version, or cannot be opened.
    """
    known = known_revisions()
    try:
        current = current_revision(engine)
        if current is not None and current not in known:
            raise UserError(
                "database",
                f"was written by a newer version of Argus (schema {current})",
                remedy="run that version, or restore a backup of this one",
            )
        if current != known[0]:
            _run_migrations(engine)
    except DatabaseError as error:
        reason = str(error.orig).splitlines()[0] if error.orig else "unknown reason"
        raise UserError("database", f"cannot be opened: {reason}", remedy="check database_url and its rights") from None
    return known[0]


def current_revision(engine: Engine) -> str | None:
    """The schema's revision, or None in an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(_VERSION.name):
            return None
        return connection.scalar(select(_VERSION.c.version_num))


def known_revisions() -> tuple[str, ...]:
    """Every revision this version knows, the newest first: the number with which its file's name begins."""
    files = (_SCRIPTS / "versions").glob("[0-9]*_*.py")
    return tuple(sorted((file.name.partition("_")[0] for file in files), reverse=True))


def _run_migrations(engine: Engine) -> None:
    # Only here: it takes longer to import than most starts need to see that there is nothing to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    with engine.connect() as connection, _tables_may_be_made_anew(connection), connection.begin():
        _wait_for_other_upgrades(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _tables_may_be_made_anew(connection: Connection) -> Iterator[None]:
    """SQLite changes some things of a table only by making it anew, and dropping the old one deletes what refers to it.

    That its foreign keys are not enforced can only be said outside of a transaction, so past SQLAlchemy.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 – it was just opened
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _wait_for_other_upgrades(connection: Connection) -> None:
    """Services that start together upgrade one after the other; SQLite's write lock does that by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
