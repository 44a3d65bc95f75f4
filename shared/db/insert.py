"""Inserts that may meet a row that is there already."""

from __future__ import annotations

from typing import cast

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from shared.db.base import Base


def insert(session: Session, table: type[Base]) -> postgresql.Insert:
    """An insert that knows `on_conflict_do_nothing` and `on_conflict_do_update` on the session's database."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    # The two classes share their methods, but no base class that names them.
    return cast("postgresql.Insert", sqlite.insert(table))
