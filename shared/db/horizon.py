"""Which transactions of a database may still bring rows with lower numbers than are seen already."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, select

from shared.db.prepared import Prepared, Readers


def _number(transaction: ColumnElement[object]) -> ColumnElement[int]:
    return cast(cast(transaction, Text), BigInteger)


_MARK = Prepared(select(_number(func.pg_current_xact_id())))
_ENDED = Prepared(select(_number(func.pg_snapshot_xmin(func.pg_current_snapshot()))))


class Horizon:
    """Tells when those who are writing now have ended. Thread-safe; raises SQLAlchemy's errors.

    On SQLite whoever writes waits for the one before, and rows come in the order of their numbers: there is no mark.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def mark(self) -> int | None:
        """What `ended` has reached once all have ended that have begun to write by now."""
        with self._readers() as reader:
            # The number of a transaction of our own: all that have one have a lower one.
            return int(reader.rows(_MARK, {})[0][0]) if reader.dialect_name == "postgresql" else None

    def ended(self) -> int:
        """All transactions with lower numbers have ended."""
        with self._readers() as reader:
            return int(reader.rows(_ENDED, {})[0][0])
