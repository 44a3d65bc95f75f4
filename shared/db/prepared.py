"""Reading without a session's detours, for what is asked with every request.

A session looks after objects and their changes, and a connection of SQLAlchemy after each statement anew. Where only a
few rows are read, that costs several times what the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Engine, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler

_Conversion = Callable[[Any], Any]


class Prepared:
    """A SELECT whose text is made once for each kind of database; its parameters are given by name.

    Lists as parameters (`IN`) are not supported: their text depends on their length.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}

    def form(self, dialect: Dialect) -> _Form:
        """The statement as a database's driver takes it."""
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _compiled(self._statement, dialect)
        return form


class Reader:
    """Asks over one connection. Not thread-safe; raises SQLAlchemy's errors."""

    def __init__(self, connection: PoolProxiedConnection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._cursor = connection.cursor()

    @property
    def dialect_name(self) -> str:
        """The kind of database: `sqlite` or `postgresql`."""
        return self._dialect.name

    def rows(self, query: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows, as tuples in the order of the statement's columns."""
        form = query.form(self._dialect)
        with _errors_of(self._dialect, self._connection):
            self._cursor.execute(form.text, form.parameters(values))
            found = cast("list[tuple[Any, ...]]", self._cursor.fetchall())
        return form.converted(found, self._cursor.description)


class Readers:
    """Readers of a database, each within a read transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def __call__(self) -> Iterator[Reader]:
        """Takes a connection from the pool for as long as it lasts."""
        dialect = self._engine.dialect
        with _errors_of(dialect):
            connection = self._engine.raw_connection()
        try:
            reader = Reader(connection, dialect)
            if dialect.name == "sqlite":  # other drivers begin by themselves
                with _errors_of(dialect, connection):
                    connection.cursor().execute("BEGIN DEFERRED")
            yield reader
        finally:
            connection.close()  # the pool ends the transaction


def reader_of(session: Session) -> Reader:
    """A reader within a session's transaction: sees what was flushed there."""
    connection = session.connection()
    return Reader(connection.connection, connection.dialect)


@dataclass(slots=True)
class _Form:
    """`names` are the parameters in order where the driver wants them so, else None.

    `from_database` is made of `converter_of`, by place and by the driver's name of the type, from the first answer.
    """

    text: str
    names: tuple[str, ...] | None
    constants: Mapping[str, Any]
    to_database: Mapping[str, _Conversion]
    converter_of: Callable[[int, Any], _Conversion | None]
    from_database: tuple[tuple[int, _Conversion], ...] | None = None

    def parameters(self, values: Mapping[str, Any]) -> Any:
        given = {**self.constants, **values}
        for name, convert in self.to_database.items():
            given[name] = convert(given[name])
        return given if self.names is None else [given[name] for name in self.names]

    def converted(self, rows: list[tuple[Any, ...]], description: Sequence[Any] | None) -> list[tuple[Any, ...]]:
        if self.from_database is None:
            converters = [self.converter_of(place, column[1]) for place, column in enumerate(description or ())]
            self.from_database = tuple((place, each) for place, each in enumerate(converters) if each is not None)
        if not rows or not self.from_database:
            return rows
        columns: list[Any] = list(zip(*rows, strict=True))
        for place, convert in self.from_database:
            columns[place] = map(convert, columns[place])
        return list(zip(*columns, strict=True))


def _compiled(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> _Form:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 – for the type checker: a SELECT has no other
    types = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
    to_database = {name: kind.bind_processor(dialect) for name, kind in types.items()}
    kinds = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
    constants = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
    return _Form(
        text=str(compiled),
        names=tuple(compiled.positiontup or ()) if compiled.positional else None,
        constants=constants,
        to_database={name: convert for name, convert in to_database.items() if convert is not None},
        converter_of=lambda place, type_code: kinds[place].result_processor(dialect, type_code),
    )


@contextmanager
def _errors_of(dialect: Dialect, connection: PoolProxiedConnection | None = None) -> Iterator[None]:
    """SQLAlchemy's errors instead of the driver's. A connection that is lost goes back to no pool."""
    driver = dialect.loaded_dbapi
    try:
        yield
    except driver.Error as error:
        lost = dialect.is_disconnect(error, connection, None)
        if lost and connection is not None:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, driver.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
        ) from error
