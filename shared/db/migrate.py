"""Bringing a database to this version's schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from shared.domain.errors import UserError

_SCRIPTS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x4152_4755  # any number that no other application uses in this database


def upgrade(engine: Engine) -> str:
    """Bring the schema to the newest revision and return it; changes nothing when it is there already.

    Raises `UserError` when the database was written by a newer version, or cannot be opened.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    try:
        current = current_revision(engine)
        if current is not None and current not in known:
            raise UserError(
                "database",
                f"was written by a newer version of Argus (schema {current})",
                remedy="run that version, or restore a backup of this one",
            )
        head = script.get_current_head()
        if current != head:
            with engine.begin() as connection:
                _wait_for_other_upgrades(connection)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    except DatabaseError as error:
        reason = str(error.orig).splitlines()[0] if error.orig else "unknown reason"
        raise UserError("database", f"cannot be opened: {reason}", remedy="check database_url and its rights") from None
    return head or ""


def current_revision(engine: Engine) -> str | None:
    """The schema's revision, or None in an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> tuple[str, ...]:
    """Every revision this version knows, the newest first."""
    return tuple(revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions())


def _wait_for_other_upgrades(connection: Connection) -> None:
    """Services that start together upgrade one after the other; SQLite's write lock does that by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
