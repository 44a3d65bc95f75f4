"""Telling SQLite which condition not to look rows up by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class Unindexed(ColumnElement[Any]):
    """A column as it is, but no way into its table on SQLite, which guesses among indexes without statistics.

    Databases that keep statistics see the plain column and choose for themselves.
    """

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column
        self.type = column.type


@compiles(Unindexed)
def _plain(element: Unindexed, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(element.column, **kwargs)


@compiles(Unindexed, "sqlite")
def _with_plus(element: Unindexed, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"+{compiler.process(element.column, **kwargs)}"
